// Packing a tree as an image: unified, or metadata and root apart.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "applets/image/machine.h"
#include "archive/squashfs.h"
#include "imagefmt/metadata.h"
#include "sys/beneath.h"

namespace builder {

namespace {

using archive::Entry;
using archive::TarWriter;

/// Passes everything on, with no time later than `latest`: what a build wrote must not tell when.
class Clamped final : public TarWriter {
 public:
  Clamped(TarWriter& out, int64_t latest) : out_(out), latest_(latest) {}
  Result<> add(const Entry& entry, std::string_view content) override { return out_.add(clamp(entry), content); }
  Result<> add_file(const Context& ctx, const Entry& entry, int fd, bool sparse) override { return out_.add_file(ctx, clamp(entry), fd, sparse); }
  Result<> add_from(const Context& ctx, const Entry& entry, archive::TarReader& tar) override { return out_.add_from(ctx, clamp(entry), tar); }
  Result<> finish() override { return out_.finish(); }

 private:
  TarWriter& out_;
  int64_t latest_;
  Entry clamp(Entry entry) const {
    entry.mtime = {std::min<time_t>(entry.mtime.tv_sec, latest_), 0};
    return entry;
  }
};

/// Of a running machine: what its kernel and its boot made, and caches.
constexpr std::string_view kHostOnly[] = {"dev/", "proc/", "sys/", "run/", "tmp/", "var/tmp/", "var/lib/incus/", "var/lib/lxc/", "var/cache/apt/archives/", "lost+found", "mnt/", "media/",
                                          "swapfile", "swap.img", "etc/machine-id", "var/lib/dbus/machine-id", "etc/ssh/ssh_host_"};

bool host_only(const std::string& path) {
  for (std::string_view start : kHostOnly) {
    if (path.starts_with(start)) return true;
  }
  return false;
}

Result<UniqueFd> create_file(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd) return fail_errno("open " + path);
  return fd;
}

Result<> add_metadata(const Context& ctx, TarWriter& out, const Tree& tree, const api::ImageMetadata& metadata) {
  Entry entry;
  entry.path = "metadata.yaml";
  entry.mode = 0644;
  entry.mtime.tv_sec = metadata.creation_date;
  std::string text = imagefmt::dump_metadata(metadata);
  entry.size = static_cast<int64_t>(text.size());
  TRY(out.add(entry, text));
  if (tree.applied.empty()) return {};
  UniqueFd templates = TRY(sys::open_directory(tree.templates));
  return out.add_tree(ctx, templates.get(), "templates");
}

Result<> add_root(const Context& ctx, TarWriter& out, const Tree& tree, const std::string& prefix, bool host) {
  UniqueFd root = TRY(sys::open_directory(tree.root));
  TarWriter::TreeOptions options;
  if (host) options.skip = host_only;
  return out.add_tree(ctx, root.get(), prefix, options);
}

Result<StringList> pack_split(const Context& ctx, const Tree& tree, const api::ImageMetadata& metadata, const PackOptions& options) {
  StringList paths{options.folder + "/incus.tar.xz", options.folder + "/rootfs.squashfs"};
  UniqueFd meta = TRY(create_file(paths[0])), root = TRY(create_file(paths[1]));
  auto tar = TRY(TarWriter::create(archive::sink_to_fd(meta.get()), {archive::Compression::xz, -1}));
  Clamped clamped(*tar, metadata.creation_date);
  TRY(add_metadata(ctx, clamped, tree, metadata));
  TRY(tar->finish());
  archive::SquashfsOptions squashfs;
  squashfs.method = options.squashfs;
  squashfs.time = metadata.creation_date;
  auto image = TRY(archive::create_squashfs(root.get(), squashfs));
  Clamped clamped_root(*image, metadata.creation_date);
  TRY(add_root(ctx, clamped_root, tree, ".", options.host));
  TRY(image->finish());
  return paths;
}

/// The disk as a file of its own, or as rootfs.img beside the metadata.
Result<StringList> pack_machine(const Context& ctx, const Tree& tree, const api::ImageMetadata& metadata, const PackOptions& options, const std::string& unified) {
  StringList paths = options.split ? StringList{options.folder + "/incus.tar.xz", options.folder + "/disk.qcow2"} : StringList{unified};
  std::string disk = options.split ? paths[1] : options.workspace + "/disk.qcow2";
  std::string seed = std::format("{} {}", get_or(metadata.properties, "name"), metadata.creation_date);
  TRY(make_machine_disk(ctx, tree, {.size = options.machine, .time = metadata.creation_date, .seed = seed}, options.workspace, disk));
  UniqueFd file = TRY(create_file(paths[0]));
  auto compression = options.split ? archive::CompressionChoice{archive::Compression::xz, -1} : options.compression;
  auto out = TRY(archive::create_archive(file.get(), archive::sink_to_fd(file.get()), compression, metadata.creation_date));
  Clamped clamped(*out, metadata.creation_date);
  TRY(add_metadata(ctx, clamped, tree, metadata));
  if (!options.split) {
    UniqueFd image(open(disk.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info;
    if (!image || fstat(image.get(), &info) != 0) return fail_errno("open " + disk);
    Entry entry;
    entry.path = "rootfs.img";
    entry.mode = 0600;
    entry.mtime.tv_sec = metadata.creation_date;
    entry.size = info.st_size;
    TRY(clamped.add_file(ctx, entry, image.get(), false));
  }
  TRY(out->finish());
  return paths;
}

constexpr std::pair<archive::Compression, const char*> kEndings[] = {{archive::Compression::none, ".tar"},    {archive::Compression::gzip, ".tar.gz"},
                                                                      {archive::Compression::xz, ".tar.xz"},  {archive::Compression::zstd, ".tar.zst"},
                                                                      {archive::Compression::bzip2, ".tar.bz2"}, {archive::Compression::lz4, ".tar.lz4"},
                                                                      {archive::Compression::lzma, ".tar.lzma"}, {archive::Compression::squashfs, ".squashfs"}};

}  // namespace

Result<StringList> pack(const Context& ctx, const Tree& tree, const api::ImageMetadata& wanted, const PackOptions& options) {
  if (mkdir(options.folder.c_str(), 0755) != 0 && errno != EEXIST) return fail_errno("mkdir " + options.folder);
  api::ImageMetadata metadata = wanted;
  metadata.templates = tree.applied;
  if (options.split && !options.machine) return pack_split(ctx, tree, metadata, options);
  std::string path = options.folder + "/" + replace_all(options.name, "/", "-");
  for (const auto& [method, ending] : kEndings) {
    if (method == options.compression.method) path += ending;
  }
  if (options.machine) return pack_machine(ctx, tree, metadata, options, path);
  UniqueFd file = TRY(create_file(path));
  auto out = TRY(archive::create_archive(file.get(), archive::sink_to_fd(file.get()), options.compression, metadata.creation_date));
  Clamped clamped(*out, metadata.creation_date);
  TRY(add_metadata(ctx, clamped, tree, metadata));
  TRY(add_root(ctx, clamped, tree, "rootfs", options.host));
  TRY(out->finish());
  return StringList{path};
}

}  // namespace builder
