#include "storage/recover.h"

#include <algorithm>
#include <filesystem>

#include "api/yaml.h"
#include "db/pools.h"
#include "db/volumes.h"
#include "storage/layout.h"
#include "storage/pool_impl.h"

namespace storage {

namespace fs = std::filesystem;

namespace {

constexpr size_t kMaxBackupFile = 4 << 20;

StringList names_in(const std::string& folder) {
  StringList names;
  std::error_code error;
  for (const auto& item : fs::directory_iterator(folder, error)) names.push_back(item.path().filename());
  std::ranges::sort(names);
  return names;
}

/// "project_name"; without a project it is the default one (instances only). Project names have no underscore.
VolumeRef ref_of_name(VolumeType type, const std::string& on_disk, const std::string& folder) {
  VolumeRef ref{.type = type, .project = "default", .name = on_disk, .content = ContentType::filesystem};
  if (size_t underscore = on_disk.find('_'); underscore != std::string::npos) {
    ref.project = on_disk.substr(0, underscore);
    ref.name = on_disk.substr(underscore + 1);
  }
  if (type == VolumeType::custom && fs::exists(folder + "/root.img")) ref.content = ContentType::block;
  if (type == VolumeType::custom && fs::exists(folder + "/root.iso")) ref.content = ContentType::iso;
  return ref;
}

Result<Json> read_backup(const std::string& folder, const std::string& name) {
  auto text = read_file(folder + "/backup.yaml", kMaxBackupFile);
  if (!text) return fail(Code::invalid, "Failed parsing backup file {}: {}", quote(folder + "/backup.yaml"), text.error().message());
  Json document = TRY_CTX(api::parse_yaml(*text), "Failed parsing backup file of {}", quote(name));
  if (!document.is_object() || !document.contains("container")) return fail(Code::invalid, "Instance {} has no configuration in its backup file", quote(name));
  return document;
}

}  // namespace

Result<std::vector<UnknownVolume>> find_unknown(const Context& ctx, const core::Paths& paths, db::Database& global, const std::string& pool) {
  std::string root = pool_path(paths, pool);
  auto known = TRY(global.read([&](db::Tx& tx) -> Result<std::vector<db::volumes::Row>> {
    auto id = db::pools::id_of(tx, pool);
    if (!id) return id.error().code() == Code::not_found ? Result<std::vector<db::volumes::Row>>(std::vector<db::volumes::Row>()) : Failure(id.error());
    db::volumes::Filter filter;
    filter.pool_id = *id;
    return db::volumes::load_all(tx, filter);
  }));
  std::vector<UnknownVolume> out;
  for (VolumeType type : {VolumeType::container, VolumeType::virtual_machine, VolumeType::custom}) {
    std::string parent = root + "/" + folder_name(type, false);
    for (const std::string& name : names_in(parent)) {
      TRY(ctx.check());
      std::string folder = parent + "/" + name;
      UnknownVolume found{ref_of_name(type, name, folder), names_in(root + "/" + folder_name(type, true) + "/" + name), nullptr};
      bool have = std::ranges::any_of(known, [&](const db::volumes::Row& row) { return row.type == db_type(type) && row.project == found.ref.project && row.name == found.ref.name; });
      if (have || name.find('.') != std::string::npos) continue;
      if (type != VolumeType::custom) found.backup = TRY(read_backup(folder, name));
      out.push_back(std::move(found));
    }
  }
  return out;
}

}  // namespace storage
