// Where root file systems come from.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets/image/sources.h"
#include "archive/copy_tree.h"
#include "archive/extract.h"
#include "archive/squashfs.h"
#include "client/fetch_file.h"
#include "sys/beneath.h"
#include "sys/unnamed_file.h"

namespace builder {

namespace {

bool is_folder(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

/// A tarball, squashfs or folder here, or a tarball or squashfs on a web server.
Result<> from_rootfs(const Context& ctx, const Definition& definition, const Tree& tree) {
  std::string url = TRY(definition.render(get_or(definition.source, "url")));
  if (url.empty()) return fail(Code::invalid, "source.url must not be empty");
  if (url.starts_with("http://") || url.starts_with("https://")) return download_root(ctx, url, get_or(definition.source, "checksum"), tree);
  std::string path = url.starts_with("file://") ? url.substr(7) : url;
  if (is_folder(path)) return archive::copy_tree(ctx, path, tree.root);
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno("open " + path);
  return unpack_file(ctx, fd.get(), tree);
}

struct Downloader {
  std::string_view name;
  Result<> (*unpack)(const Context&, const Definition&, const Tree&);
};
constexpr Downloader kDownloaders[] = {
    {"alpinelinux-http", from_alpine}, {"apk", from_installer}, {"debootstrap", from_debootstrap}, {"docker-http", from_registry}, {"incus", from_instance},
    {"mmdebstrap", from_mmdebstrap},   {"oci", from_registry},  {"pacstrap", from_installer},      {"rootfs", from_rootfs},        {"rootfs-http", from_rootfs},
    {"rpmbootstrap", from_installer},  {"zypper", from_installer}};

}  // namespace

Result<> unpack_file(const Context& ctx, int fd, const Tree& tree) {
  auto archive = TRY(archive::open_archive(fd));
  UniqueFd root = TRY(sys::open_directory(tree.root));
  archive::ExtractOptions options;
  options.place = [](const std::string& path) { return path.starts_with("dev/") ? std::string() : path; };
  return archive::extract(ctx, *archive, root.get(), options);
}

Result<> download_root(const Context& ctx, const std::string& url, const std::string& checksum, const Tree& tree) {
  UniqueFd file = TRY(sys::unnamed_file(tree.templates));
  client::DownloadOptions options;
  options.sink = client::sink_fd(file.get());
  TRY(client::fetch_file(ctx, {.url = url, .sha256 = checksum}, options));
  lseek(file.get(), 0, SEEK_SET);
  return unpack_file(ctx, file.get(), tree);
}

Result<> unpack_source(const Context& ctx, const Definition& definition, const Tree& tree) {
  const std::string& wanted = definition.source.at("downloader");
  for (const Downloader& row : kDownloaders) {
    if (row.name == wanted) return row.unpack(ctx, definition, tree);
  }
  StringList names;
  for (const Downloader& row : kDownloaders) names.emplace_back(row.name);
  return fail(Code::unsupported, "The downloader {} isn't available here; there are {}", quote(wanted), join(names, ", "));
}

}  // namespace builder
