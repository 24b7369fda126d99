// Images from elsewhere: other servers of this API, simplestreams servers, plain URLs.
#pragma once
#include "image/store.h"

namespace image {

struct DownloadRequest {
  api::ImageSource source;  ///< server, protocol ("incus", "simplestreams", "direct", "oci"), certificate, alias or fingerprint
  std::string secret;
  std::string project;         ///< where it shall be here
  std::string source_project;  ///< where it is there
  bool cache = false;          ///< for one instance only: expires when unused
  bool public_ = false;
  bool auto_update = false;
  bool prefer_cached = true;   ///< an image already here that came from the same place will do
};

/// The image, downloaded unless it is here already; its fingerprint is checked. Errors: not_found, unavailable, invalid. Blocks for long.
Result<db::images::Row> download(const Job& job, Store& store, const DownloadRequest& request);

/// What a "direct" URL says about its image. Errors: invalid where the headers are missing.
struct Direct {
  std::string fingerprint;
  std::string url;
};
Result<Direct> ask_direct(const Context& ctx, Store& store, const std::string& url);

}  // namespace image
