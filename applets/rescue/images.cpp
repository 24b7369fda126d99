// A bundle's images into the daemon's store: they are read where they stand in the bundle.
#include <fcntl.h>
#include <unistd.h>

#include "applets/cli/image/files.h"
#include "applets/rescue/session.h"
#include "base/unique_fd.h"

namespace rescue {

namespace {

Result<UniqueFd> open_part(const std::string& path, const imagefmt::BundlePart& part) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd || lseek(fd.get(), part.offset, SEEK_SET) < 0) return fail_errno("Cannot read " + path);
  return fd;
}

/// The daemon hashes what it gets: a bundle whose bytes are not what the index says is found out here.
Result<> add_image(const Context& ctx, client::Server& server, const Session& session, const imagefmt::BundleImage& image) {
  UniqueFd meta = TRY(open_part(session.bundle_path, image.metadata)), rootfs;
  cli::ImageUpload upload{.meta = meta.get(), .meta_size = image.metadata.size, .filename = "image"};
  if (image.rootfs) {
    rootfs = TRY(open_part(session.bundle_path, *image.rootfs));
    upload.rootfs = rootfs.get();
    upload.rootfs_size = image.rootfs->size;
    upload.rootfs_name = "root";
  }
  cli::Progress progress("", true);
  std::string id = TRY(cli::upload_image(ctx, server, upload, progress));
  api::Operation ended = TRY(server.wait_operation(ctx, id));
  TRY(client::operation_result(ended));
  std::string got = ended.metadata.is_object() ? ended.metadata.value("fingerprint", "") : "";
  if (got == image.fingerprint) return {};
  (void)server.run(ctx, http::Method::delete_, "/1.0/images/" + got);
  return fail(Code::invalid, "The bundle's image {} has other bytes than promised", quote(image.aliases.empty() ? image.fingerprint : image.aliases[0]));
}

Result<> add_alias(const Context& ctx, client::Server& server, const std::string& alias, const std::string& fingerprint) {
  Json body{{"name", alias}, {"target", fingerprint}};
  auto added = server.query(ctx, http::Method::post, "/1.0/images/aliases", api::dump_json(body));
  if (added || added.error().code() == Code::conflict) return {};
  return std::unexpected(added.error());
}

}  // namespace

Result<size_t> add_images(const Context& ctx, const Session& session) {
  client::Server server(client::Endpoint{.unix_path = session.folder + "/incus/unix.socket"});
  size_t added = 0;
  for (const imagefmt::BundleImage& image : session.bundle.images) {
    if (!server.get(ctx, "/1.0/images/" + image.fingerprint)) {
      TRY_CTX(add_image(ctx, server, session, image), "Cannot take in image {}", quote(image.aliases.empty() ? image.fingerprint : image.aliases[0]));
      added++;
    }
    for (const std::string& alias : image.aliases) TRY(add_alias(ctx, server, alias, image.fingerprint));
  }
  return added;
}

}  // namespace rescue
