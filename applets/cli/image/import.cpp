// `incus image import`: a tarball, a split pair, a folder or an https URL into a server's store.
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "applets/cli/image/common.h"
#include "applets/cli/image/files.h"
#include "applets/cli/image/transfer.h"
#include "applets/cli/input.h"
#include "applets/cli/wait.h"
#include "archive/tar_writer.h"

namespace cli {
namespace {

/// A local file and its name without folders.
struct Source {
  std::string name;
  UniqueFd fd;
};

Result<Source> open_source(const std::string& path) {
  Source source{std::filesystem::path(path).filename(), UniqueFd(open(path.c_str(), O_RDONLY | O_CLOEXEC))};
  if (!source.fd) return fail_errno("open " + path);
  return source;
}

/// Sends the file or files; the operation's id.
Result<std::string> upload(Call& call, client::Server& server, const std::string& meta_path, const std::string& rootfs_path, const StringMap& properties, Progress& progress) {
  Source meta = TRY(open_source(meta_path)), rootfs;
  if (!rootfs_path.empty()) rootfs = TRY(open_source(rootfs_path));
  ImageUpload image{.meta = meta.fd.get(), .rootfs = rootfs.fd.get(), .filename = meta.name, .rootfs_name = rootfs.name};
  image.is_public = call.flags.on("public");
  image.properties = properties;
  return upload_image(call.ctx, server, image, progress);
}

Result<std::string> from_url(Call& call, client::Server& server, const std::string& url, const StringMap& properties) {
  Json body{{"public", call.flags.on("public")}, {"properties", properties},
            {"source", {{"type", "url"}, {"mode", "pull"}, {"protocol", "direct"}, {"url", url}}}};
  return TRY(server.query(call.ctx, http::Method::post, "/1.0/images", api::dump_json(body))).operation;
}

Result<> pack_members(const Context& ctx, const std::string& folder, int out) {
  auto tar = TRY(archive::TarWriter::create(archive::sink_to_fd(out), TRY(archive::parse_compression("xz"))));
  std::string metadata = TRY_CTX(read_file(folder + "/metadata.yaml", 1 << 20), "{} is no image folder", folder);
  archive::Entry entry;
  entry.path = "metadata.yaml";
  entry.mode = 0644;
  entry.size = static_cast<int64_t>(metadata.size());
  TRY(tar->add(entry, metadata));
  for (const char* member : {"templates", "rootfs"}) {
    UniqueFd dir(open((folder + "/" + member).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (dir) TRY(tar->add_tree(ctx, dir.get(), member));
    else if (errno != ENOENT) return fail_errno("Failed opening " + folder + "/" + member);
  }
  return tar->finish();
}

/// Packs a folder with metadata.yaml, templates/ and rootfs/; the caller unlinks the file.
Result<std::string> pack_folder(const Context& ctx, const std::string& folder) {
  if (geteuid() != 0) return fail(Code::forbidden, "Must run as root to import from directory");
  std::string path = (std::filesystem::temp_directory_path() / "incus_image_XXXXXX").string();
  UniqueFd fd(mkstemp(path.data()));
  if (!fd) return fail_errno("Failed creating a temporary file");
  auto packed = pack_members(ctx, folder, fd.get());
  if (!packed) unlink(path.c_str());
  TRY(std::move(packed));
  return path;
}

struct Unlink {
  std::string path;
  ~Unlink() {
    if (!path.empty()) unlink(path.c_str());
  }
};

}  // namespace

Result<> import_image(Call& call) {
  std::string file = call.args[0].text, rootfs = call.args[1].get();
  client::Server server = TRY(call.server(call.args[2]));
  StringMap properties = TRY(read_pairs(call.args[3]));
  Progress progress("Transferring image: {}", call.quiet());
  Unlink temporary;
  std::string operation;
  if (file.starts_with("https://")) {
    operation = TRY(from_url(call, server, file, properties));
  } else if (file.starts_with("http://")) {
    return fail(Code::invalid, "Only https:// is supported for remote image import");
  } else {
    if (std::filesystem::is_directory(file)) file = temporary.path = TRY(pack_folder(call.ctx, file));
    operation = TRY(upload(call, server, file, rootfs, properties, progress));
  }
  api::Operation ended = TRY(wait_for(call, server, operation, &progress));
  std::string fingerprint = ended.metadata.is_object() ? ended.metadata.value("fingerprint", "") : "";
  if (fingerprint.empty()) return fail(Code::internal, "Bad fingerprint");
  progress.done("Image imported with fingerprint: " + fingerprint);
  StringList aliases = call.flags.list("alias");
  if (call.flags.on("reuse")) TRY(delete_aliased_images(call, server, aliases));
  return ensure_aliases(call, server, aliases, fingerprint);
}

}  // namespace cli
