// Images that clients send: a unified file as the body, or metadata and root file system as a multipart form.
#pragma once
#include "http/message.h"
#include "image/build.h"

namespace image {

struct Uploaded {
  std::unique_ptr<Build> build;
  db::images::Row row;  ///< what the headers say: filename, public, properties, profiles; type of split images
  std::vector<api::ImageAlias> aliases;
};

/// Reads the whole body to disk, hashing. Errors: invalid (form, fingerprint mismatch), too_large (the project's quota), internal. Blocks.
/// `head`: what was read of the body before.
Result<Uploaded> receive(const Context& ctx, Store& store, const http::Headers& headers, std::string head, http::Stream& body, const std::string& project);

/// Makes it an image of `project`. Errors: invalid, conflict.
Result<db::images::Row> finish(const Job& job, Store& store, Uploaded uploaded);

}  // namespace image
