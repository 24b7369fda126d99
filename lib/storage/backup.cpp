#include "storage/backup.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "api/yaml.h"
#include "archive/squashfs.h"
#include "archive/extract.h"
#include "storage/layout.h"
#include "sys/beneath.h"

namespace storage {

namespace {

constexpr const char* kIndexPath = "backup/index.yaml";
constexpr size_t kMaxIndex = 4 << 20;

/// A tree of the archive on its way to a folder.
struct Target {
  UniqueFd folder;
  std::unique_ptr<archive::Extractor> extractor;
  bool disk = false;  ///< there was one
};

Result<Target> open_target(const std::string& path) {
  Target target;
  target.folder = TRY(sys::open_directory(path));
  target.extractor = std::make_unique<archive::Extractor>(target.folder.get(), archive::ExtractOptions{});
  return target;
}

/// The member's name inside the tree at `prefix`; nothing if it is not of that tree.
std::optional<std::string> inside(const std::string& path, const std::string& prefix) {
  if (path == prefix) return "";
  if (path.starts_with(prefix + "/")) return path.substr(prefix.size() + 1);
  if (path == prefix + ".img") return disk_name(ContentType::block);
  if (path == prefix + ".iso") return disk_name(ContentType::iso);
  return std::nullopt;
}

bool holds_machine(const std::string& prefix) { return prefix == "backup/virtual-machine" || prefix.starts_with("backup/virtual-machine-snapshots/"); }

bool holds_instance(const std::string& prefix) {
  return prefix == "backup/container" || prefix.starts_with("backup/snapshots/") || holds_machine(prefix);
}

/// The links that a machine's start leaves, which lead to a neighbour.
bool made_by_start(const archive::Entry& entry, const std::string& path) {
  if (entry.type != archive::Entry::Type::symlink || (path != "qemu.nvram" && path != "config/lxd-agent")) return false;
  return !entry.link.contains('/') && entry.link != "." && entry.link != "..";
}

/// Around its root file system an instance has files that the daemon itself reads and writes: no link may lead it elsewhere, no pipe hold it up.
Result<> check_member(const archive::Entry& entry, const std::string& path) {
  using Type = archive::Entry::Type;
  if (path.starts_with("rootfs/") || entry.type == Type::directory || made_by_start(entry, path)) return {};
  if (path != "rootfs" && (entry.type == Type::file || entry.type == Type::hardlink)) return {};
  return fail(Code::invalid, "Backup metadata contained disallowed symlinks or special files: {}", quote(entry.path));
}

Result<> add_disk(const Context& ctx, archive::TarWriter& tar, int folder, const std::string& disk, const std::string& member) {
  UniqueFd fd = TRY(sys::open_beneath(folder, disk, O_RDONLY));
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return fail_errno("Cannot look at " + disk);
  archive::Entry entry;
  entry.path = member;
  entry.mode = 0600;
  entry.size = info.st_size;
  entry.mtime = info.st_mtim;
  return tar.add_file(ctx, entry, fd.get(), info.st_blocks * 512 < info.st_size);
}

}  // namespace

Result<> write_index(archive::TarWriter& tar, const BackupIndex& index) {
  Json document = {{"name", index.name}, {"backend", index.backend}, {"pool", index.pool}};
  if (!index.snapshots.empty()) document["snapshots"] = index.snapshots;
  document["optimized"] = index.optimized;
  document["optimized_header"] = false;
  document["type"] = index.type;
  document["config"] = index.config;
  archive::Entry entry;
  entry.path = kIndexPath;
  entry.mode = 0644;
  entry.mtime.tv_sec = Timestamp::now().seconds;
  return tar.add(entry, api::dump_yaml(document));
}

namespace {

Result<BackupIndex> parse_index(const std::string& text) {
  Json document = TRY_CTX(api::parse_yaml(text), "Error reading backup file info");
  if (!document.is_object()) return fail(Code::invalid, "Error reading backup file info: {} is not a map", kIndexPath);
  auto word = [&](const char* key) {
    auto found = document.find(key);
    return found != document.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  BackupIndex index;
  index.name = word("name");
  index.backend = word("backend");
  index.pool = word("pool");
  if (auto type = word("type"); !type.empty()) index.type = type;
  if (auto optimized = document.find("optimized"); optimized != document.end() && optimized->is_boolean()) index.optimized = optimized->get<bool>();
  if (auto config = document.find("config"); config != document.end()) index.config = *config;
  if (auto list = document.find("snapshots"); list != document.end() && list->is_array()) {
    for (const Json& item : *list) {
      if (item.is_string()) index.snapshots.push_back(item.get<std::string>());
    }
  }
  return index;
}

}  // namespace

Result<BackupIndex> read_index(const Context& ctx, int file) {
  auto tar = TRY(archive::open_archive(file, archive::source_from_file(file)));
  std::optional<BackupIndex> index;
  while (auto entry = TRY(tar->next())) {
    TRY(ctx.check());
    if (entry->path == kIndexPath) index = TRY(parse_index(TRY(tar->read_all(kMaxIndex))));
    // Backups of old versions keep the description beside the instance only.
    if (index && index->config.is_null() && entry->path == "backup/container/backup.yaml") index->config = TRY(api::parse_yaml(TRY(tar->read_all(kMaxIndex))));
    if (entry->path == "backup/container.bin" && index) index->optimized = true;
    if (index && !index->config.is_null()) return *index;
  }
  if (!index) return fail(Code::invalid, "Backup is missing at {}", quote(kIndexPath));
  return *index;
}

std::string backup_prefix(VolumeType type, const std::string& snapshot, const std::string& root) {
  switch (type) {
    case VolumeType::container: return root + (snapshot.empty() ? "/container" : "/snapshots/" + snapshot);
    case VolumeType::virtual_machine: return root + (snapshot.empty() ? "/virtual-machine" : "/virtual-machine-snapshots/" + snapshot);
    default: return root + (snapshot.empty() ? "/volume" : "/volume-snapshots/" + snapshot);
  }
}

Result<> write_volume(const Context& ctx, archive::TarWriter& tar, const VolumeRef& ref, const std::string& folder, const archive::TarWriter::TreeOptions& options,
                      const std::string& root) {
  Volume volume = volume_of(ref);
  std::string prefix = backup_prefix(ref.type, volume.snapshot, root);
  UniqueFd fd = TRY(sys::open_directory(folder));
  std::string disk = disk_name(volume.content);
  if (!volume.has_disk() || ref.type == VolumeType::virtual_machine) {
    archive::TarWriter::TreeOptions tree = options;
    // The disk follows by itself.
    if (volume.has_disk()) tree.skip = [&](const std::string& path) { return path == disk || (options.skip && options.skip(path)); };
    TRY(tar.add_tree(ctx, fd.get(), prefix, tree));
  }
  return volume.has_disk() ? add_disk(ctx, tar, fd.get(), disk, prefix + (ref.content == ContentType::iso ? ".iso" : ".img")) : Result<>();
}

Result<> read_volumes(const Context& ctx, int file, const std::map<std::string, std::string>& folders) {
  std::map<std::string, Target> targets;
  for (const auto& [prefix, path] : folders) targets.emplace(prefix, TRY(open_target(path)));
  auto tar = TRY(archive::open_archive(file, archive::source_from_file(file)));
  while (auto entry = TRY(tar->next())) {
    TRY(ctx.check());
    for (auto& [prefix, target] : targets) {
      auto path = inside(entry->path, prefix);
      if (!path) continue;
      if (holds_instance(prefix)) TRY(check_member(*entry, *path));
      // Hard links name their target by its place in the archive.
      if (entry->type == archive::Entry::Type::hardlink) {
        auto link = inside(entry->link, prefix);
        if (!link || link->empty()) return fail(Code::invalid, "Archive member {} links out of its tree", quote(entry->path));
        entry->link = *link;
      }
      target.disk |= entry->path == prefix + ".img";
      TRY(target.extractor->add(*tar, *entry, *path));
      break;
    }
  }
  for (auto& [prefix, target] : targets) {
    TRY(target.extractor->finish());
    if (holds_machine(prefix) && !target.disk) return fail(Code::invalid, "Could not find {}", quote(prefix + ".img"));
  }
  return {};
}

}  // namespace storage
