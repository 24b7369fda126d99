// Asking a simplestreams server what it has. The lists are kept on disk and only fetched again when they changed.
#pragma once
#include "client/fetch_file.h"
#include "imagefmt/simplestreams.h"

namespace client {

struct StreamSource {
  std::string server;        ///< "https://images.example.org", with or without a slash at the end
  std::string cache_folder;  ///< made if missing; empty: nothing is kept
  ProxySettings proxy = ProxySettings::from_environment();

  std::string url(const std::string& path) const;
};

/// Where a user's programs keep the lists: $XDG_CACHE_HOME/incus or ~/.cache/incus; empty without a home.
std::string user_stream_cache();

/// All that the server offers. Lists are asked for with If-None-Match / If-Modified-Since; where the server can't be reached, the last ones serve.
/// Errors: unavailable, not_found, invalid. Blocks.
Result<imagefmt::StreamCatalog> load_catalog(const Context& ctx, const StreamSource& source);
/// One of its files, verified. Errors: those of fetch_file(). Blocks.
Result<> fetch_stream_file(const Context& ctx, const StreamSource& source, const imagefmt::StreamFile& file, const Sink& sink);

}  // namespace client
