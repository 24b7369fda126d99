// What the routes about images and their aliases share: the project that holds them, who sees what, download secrets.
#pragma once
#include "applets/daemon/routes/common.h"
#include "db/images.h"
#include "image/store.h"

namespace incusd {

/// The project whose images a request means. Errors: not_found.
Result<std::string> image_project(Call& call);
/// May the caller see what is not public in `project`?
bool may_view_images(Call& call, const std::string& project);
/// The image the path names, for callers who may see it or present a secret. Errors: not_found `Image "x" not found`.
Result<db::images::Row> visible_image(Call& call, const std::string& project);
/// A token operation for that fingerprint with that secret. Single use: it is cancelled by this. Null if there is none.
std::shared_ptr<core::Operation> use_image_secret(Call& call, const std::string& project, const std::string& fingerprint, const std::string& secret);
/// Answers with a token operation. `metadata` is kept with it.
Result<Reply> image_token(Call& call, const std::string& project, const std::string& fingerprint, Json metadata);
/// What work on images is done for.
image::Job image_job(const Context& ctx, core::Operation& operation);

// Routes in files of their own.
Result<Reply> create_image(Call& call);
Result<Reply> export_image(Call& call);
Result<Reply> push_image(Call& call);
/// From an instance or snapshot; `project` holds the image.
Result<Reply> publish_instance(Call& call, const std::string& project, const api::ImagesPost& request);

}  // namespace incusd
