// One image on another server: what it is, and how to fetch its files. One implementation per protocol.
#pragma once
#include <functional>
#include <memory>

#include "client/download.h"
#include "image/build.h"
#include "image/download.h"

namespace image {

/// Bytes so far, of how many (0: unknown).
using FetchProgress = std::function<void(int64_t done, int64_t total)>;

struct Remote {
  std::string fingerprint;  ///< full
  api::Image info;          ///< properties, dates, type, …; empty where the files themselves tell
  bool described = false;   ///< `info` is to be used instead of metadata.yaml
  std::function<Result<>(const Context&, Build&, const FetchProgress&)> fetch;
};

/// By protocol. Errors: not_found, unavailable, invalid.
Result<Remote> find_incus(const Context& ctx, const DownloadRequest& request);
Result<Remote> find_direct(const Context& ctx, Store& store, const DownloadRequest& request);
Result<Remote> find_simplestreams(const Context& ctx, Store& store, const DownloadRequest& request);
Result<Remote> find_oci(const Context& ctx, Store& store, const DownloadRequest& request);

/// core.proxy_*, else the environment's.
client::ProxySettings proxy_of(Store& store);
/// Deletes kept layers that no image was made of since `oldest`.
void trim_layers(Store& store, Timestamp oldest);

}  // namespace image
