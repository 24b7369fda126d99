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
Result<Uploaded> receive(Store& store, const http::Headers& headers, archive::Source body, const std::string& project);

/// Makes it an image of `project`. Errors: invalid, conflict.
Result<db::images::Row> finish(const Job& job, Store& store, Uploaded uploaded);

}  // namespace image
