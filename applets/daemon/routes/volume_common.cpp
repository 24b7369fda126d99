#include "applets/daemon/routes/volume_common.h"

#include "base/units.h"
#include "db/profiles.h"
#include "http/stream.h"
#include "instance/manager.h"

namespace incusd {

Result<db::VolumeType> volume_type_param(Call& call) {
  auto type = db::volume_type(call.param("type"));
  if (!type) return fail(Code::invalid, "Invalid storage volume type name");
  return *type;
}

Result<std::string> volume_project(Call& call, db::VolumeType type, const std::string& requested) {
  const std::string& project = requested.empty() ? call.project : requested;
  if (type != db::VolumeType::custom) return project;
  return call.daemon.projects->effective(project, "storage_volume");
}

Result<std::string> read_small_body(Call& call) {
  if (!call.request.stream) return call.request.body;
  constexpr size_t kMost = 1 << 20;
  std::string body(kMost + 1, '\0');
  size_t got = 0;
  while (got < body.size()) {
    size_t count = TRY(call.request.stream->read(call.ctx, std::span(body).subspan(got)));
    if (count == 0) break;
    got += count;
  }
  if (got > kMost) return fail(Code::too_large, "The request is larger than {} bytes", kMost);
  body.resize(got);
  return body;
}

storage::VolumeRef ref_of(const db::volumes::Row& row) {
  storage::VolumeRef ref;
  switch (row.type) {
    case db::VolumeType::container: ref.type = storage::VolumeType::container; break;
    case db::VolumeType::vm: ref.type = storage::VolumeType::virtual_machine; break;
    case db::VolumeType::image: ref.type = storage::VolumeType::image; break;
    case db::VolumeType::custom: ref.type = storage::VolumeType::custom; break;
  }
  ref.project = row.project;
  ref.name = row.name;
  ref.content = row.content_type == db::ContentType::block ? storage::ContentType::block
                : row.content_type == db::ContentType::iso ? storage::ContentType::iso
                                                           : storage::ContentType::filesystem;
  return ref;
}

Result<FoundVolume> find_volume(Call& call) {
  FoundVolume found;
  auto type = TRY(volume_type_param(call));
  found.project = TRY(volume_project(call, type));
  found.pool = TRY(call.daemon.pools->load(call.param("poolName")));
  found.row = TRY(call.daemon.global->read([&](db::Tx& tx) -> Result<db::volumes::Row> {
    int64_t pool = TRY(db::pools::id_of(tx, call.param("poolName")));
    return db::volumes::load(tx, pool, found.project, type, call.param("volumeName"));
  }));
  found.ref = ref_of(found.row);
  return found;
}

Result<VolumeUsers> VolumeUsers::load(Call& call) {
  VolumeUsers users;
  auto& projects = *call.daemon.projects;
  auto add = [&](const api::DevicesMap& devices, const std::string& project, const std::string& url) {
    for (const auto& [name, device] : devices) {
      if (get_or(device, "type") != "disk" || get_or(device, "pool").empty() || get_or(device, "source").empty()) continue;
      std::string source = get_or(device, "source");
      users.disks_.push_back({get_or(device, "pool"), source.substr(0, source.find('/')), projects.effective(project, "storage_volume").value_or("default"), url});
    }
  };
  if (call.daemon.instances) {
    for (const auto& instance : call.daemon.instances->list()) {
      auto view = instance->view();
      add(view->row.devices, view->row.project, entity_url("instances/" + url_escape(view->row.name), view->row.project));
    }
  }
  auto profiles = TRY(call.daemon.global->read([](db::Tx& tx) { return db::profiles::load_all(tx); }));
  for (const auto& profile : profiles) add(profile.devices, profile.project, entity_url("profiles/" + url_escape(profile.name), profile.project));
  return users;
}

StringList VolumeUsers::of(const db::volumes::Row& row) const {
  if (row.type == db::VolumeType::container || row.type == db::VolumeType::vm) return {entity_url("instances/" + url_escape(row.name), row.project)};
  if (row.type == db::VolumeType::image) return {entity_url("images/" + row.name, row.project)};
  StringList out;
  for (const Disk& disk : disks_) {
    if (disk.pool == row.pool && disk.volume == row.name && disk.project == row.project && !contains(out, disk.url)) out.push_back(disk.url);
  }
  return out;
}

/// What limits the volume: its own size, or that of the disk of the instance whose root it is. Empty: nothing does.
static std::string size_limit(Daemon& daemon, const db::volumes::Row& row) {
  if (row.type == db::VolumeType::custom) return get_or(row.config, "size");
  auto instance = daemon.instances->find(row.project, row.name);
  auto root = instance ? instance::root_disk((*instance)->view()->devices) : Failure(instance.error());
  return root ? get_or(root->config, "size") : "";
}

api::StorageVolumeState volume_state(Daemon& daemon, storage::Pool& pool, const db::volumes::Row& row) {
  api::StorageVolumeState state;
  auto used = pool.usage(ref_of(row));
  if (!used && row.type != db::VolumeType::custom) return state;
  state.usage.emplace();
  if (used && *used > 0) state.usage->used = static_cast<uint64_t>(*used);
  state.usage->total = parse_byte_size(size_limit(daemon, row)).value_or(0);
  return state;
}

Result<api::StorageVolumeFull> to_full_api(Call& call, storage::Pool& pool, const db::volumes::Row& row, StringList used_by) {
  api::StorageVolumeFull out;
  static_cast<api::StorageVolume&>(out) = to_api(row);
  out.used_by = std::move(used_by);
  out.state = volume_state(call.daemon, pool, row);
  TRY(call.daemon.global->read([&](db::Tx& tx) -> Result<> {
    for (const auto& item : TRY(db::volumes::load_snapshots(tx, row.id))) {
      api::StorageVolumeSnapshot snapshot;
      snapshot.name = item.name;
      snapshot.description = item.description;
      snapshot.config = item.config;
      snapshot.created_at = item.created_at;
      if (!item.expires_at.is_zero()) snapshot.expires_at = item.expires_at;
      out.snapshots.push_back(std::move(snapshot));
    }
    for (const auto& item : TRY(db::volumes::load_backups(tx, row.id))) out.backups.push_back({item.name, item.created_at, item.expires_at, item.volume_only, item.optimized});
    return {};
  }));
  return out;
}

std::string volume_etag(const db::volumes::Row& row) {
  Json parts = {row.name, db::name_of(row.type), Json::object()};
  for (const auto& [key, value] : row.config) parts[2][key] = value;
  return etag_of(api::dump_json(parts));
}

std::string volume_path(const std::string& pool, std::string_view type, const std::string& name) {
  return std::format("storage-pools/{}/volumes/{}/{}", url_escape(pool), type, url_escape(name));
}

std::string volume_url(const std::string& pool, const db::volumes::Row& row, const std::string& more) {
  return entity_url(volume_path(pool, db::name_of(row.type), row.name) + more, row.project);
}

namespace {
bool uses(Call& call, const StringMap& device, const std::string& project, const db::volumes::Row& row) {
  if (get_or(device, "type") != "disk" || get_or(device, "pool") != row.pool) return false;
  std::string source = get_or(device, "source");
  return source.substr(0, source.find('/')) == row.name && call.daemon.projects->effective(project, "storage_volume").value_or("") == row.project;
}

bool repoint(Call& call, api::DevicesMap& devices, const std::string& project, const db::volumes::Row& row, const std::string& pool, const std::string& name) {
  bool changed = false;
  for (auto& [key, device] : devices) {
    if (!uses(call, device, project, row)) continue;
    std::string source = device["source"];
    size_t slash = source.find('/');
    device["source"] = name + (slash == source.npos ? "" : source.substr(slash));
    device["pool"] = pool;
    changed = true;
  }
  return changed;
}
}  // namespace

Result<> check_not_running(Call& call, const db::volumes::Row& row) {
  if (!call.daemon.instances) return {};
  for (const auto& instance : call.daemon.instances->list()) {
    auto view = instance->view();
    for (const auto& [name, device] : view->devices) {
      if (uses(call, device, view->row.project, row) && instance->running()) return fail(Code::internal, "Volume is still in use by running instances");
    }
  }
  return {};
}

Result<> repoint_users(Call& call, const db::volumes::Row& row, const std::string& pool, const std::string& name) {
  if (call.daemon.instances) {
    for (const auto& instance : call.daemon.instances->list()) {
      auto view = instance->view();
      auto stored = view->row;
      if (!repoint(call, stored.devices, stored.project, row, pool, name)) continue;
      std::string profile_project = TRY(call.daemon.projects->effective(stored.project, "profile"));
      TRY(call.daemon.global->write([&](db::Tx& tx) { return db::instances::update(tx, stored, profile_project); }));
      TRY(call.daemon.instances->reload(stored.id));
    }
  }
  auto profiles = TRY(call.daemon.global->read([](db::Tx& tx) { return db::profiles::load_all(tx); }));
  for (auto& profile : profiles) {
    if (!repoint(call, profile.devices, profile.project, row, pool, name)) continue;
    TRY(call.daemon.global->write([&](db::Tx& tx) { return db::profiles::update(tx, profile.id, profile); }));
    if (!call.daemon.instances) continue;
    for (const auto& instance : call.daemon.instances->list()) {
      if (contains(instance->view()->row.profiles, profile.name)) TRY(call.daemon.instances->reload(instance->id()));
    }
  }
  return {};
}

bool used_by_daemon(Daemon& daemon, const db::volumes::Row& row) {
  if (row.type != db::VolumeType::custom || row.project != "default") return false;
  auto config = daemon.config.get();
  for (const char* key : {"storage.images_volume", "storage.backups_volume", "storage.logs_volume"}) {
    if (get_or(*config, key) == row.pool + "/" + row.name) return true;
  }
  return false;
}

}  // namespace incusd
