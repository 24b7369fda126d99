#include "applets/daemon/routes/instance_sources.h"

#include "core/project_cache.h"
#include "http/stream.h"
#include "image/store.h"
#include "instance/power.h"

namespace incusd {
namespace {

constexpr size_t kMaxJsonBody = 1 << 20;

/// A device that only sets initial.* of a profile's device, or repeats it, keeps what the profile says.
void apply_initial_values(db::instances::Row& row, const std::vector<db::profiles::Row>& profiles) {
  for (auto& [name, device] : row.devices) {
    for (const db::profiles::Row& profile : profiles) {
      auto found = profile.devices.find(name);
      if (found == profile.devices.end()) continue;
      for (const auto& [key, value] : found->second)
        if (key.starts_with("initial.") && !device.contains(key)) device[key] = value;
    }
  }
}

Result<db::instances::Row> target_row(Call& call, const api::InstancesPost& request) {
  db::instances::Row row = TRY(instance::row_of(request, call.project));
  std::string project = TRY(call.daemon.projects->effective(call.project, "profile"));
  auto profiles = TRY(call.daemon.global->read([&](db::Tx& tx) -> Result<std::vector<db::profiles::Row>> {
    std::vector<db::profiles::Row> out;
    for (const std::string& name : row.profiles) {
      auto profile = db::profiles::load(tx, project, name);
      if (!profile) return fail(Code::internal, "Requested profile {} doesn't exist", quote(name));
      out.push_back(std::move(*profile));
    }
    return out;
  }));
  apply_initial_values(row, profiles);
  return row;
}

Result<> finish(const instance::Job& job, const instance::InstancePtr& instance, bool start) {
  if (!start) return {};
  return instance::start(job, instance, {});
}

}  // namespace

Result<std::string> read_request_body(Call& call) {
  if (!call.request.stream) return call.request.body;
  std::string out;
  std::vector<char> buffer(65536);
  for (;;) {
    size_t got = TRY(call.request.stream->read(call.ctx, buffer));
    if (got == 0) return out;
    out.append(buffer.data(), got);
    if (out.size() > kMaxJsonBody) return fail(Code::too_large, "Request body is too large (at most {} bytes)", kMaxJsonBody);
  }
}

Result<std::optional<db::images::Row>> source_image(Call& call, const api::InstancesPost& request) {
  if (!request.source.server.empty()) return std::nullopt;
  return instance::find_image(*call.daemon.instances, call.project, request.source, request.type);
}

Result<Reply> create_from_image(Call& call, api::InstancesPost request, std::optional<db::images::Row> image) {
  db::instances::Row row = TRY(target_row(call, request));
  auto work = [&daemon = call.daemon, request, row, image, project = call.project](const instance::Job& job) -> Result<> {
    if (request.source.server.empty() && !image) return fail(Code::not_found, "Image not provided for instance creation");
    api::InstanceSource source = request.source;
    if (image) {
      source.alias.clear();
      source.properties.clear();
      source.fingerprint = image->fingerprint;
    }
    std::string image_project = TRY(daemon.projects->effective(project, "image"));
    auto found = TRY(daemon.images->obtain({.ctx = job.ctx, .requestor = job.requestor, .operation = job.operation}, image_project, source, row.type));
    auto instance = TRY(instance::create_from_image(job, *daemon.instances, row, found));
    return finish(job, instance, request.start);
  };
  return start_work(call, core::OperationType::instance_create, request.name, std::move(work));
}

Result<Reply> create_from_none(Call& call, api::InstancesPost request) {
  db::instances::Row row = TRY(target_row(call, request));
  auto work = [&daemon = call.daemon, start = request.start, row](const instance::Job& job) -> Result<> {
    return finish(job, TRY(instance::create_empty(job, *daemon.instances, row)), start);
  };
  return start_work(call, core::OperationType::instance_create, request.name, std::move(work));
}

Result<> complete_copy(Call& call, api::InstancesPost& request, bool& profiles_given) {
  api::InstanceSource& source = request.source;
  if (source.source.empty()) return fail(Code::invalid, "Must specify a source instance");
  if (source.project.empty()) source.project = call.project;
  StringList parts = split(source.source, '/', 2);
  TRY(call.identity.check({"instance", source.project, parts[0]}, "can_view"));
  auto view = TRY(call.daemon.instances->find(source.project, parts[0]))->view();
  if (parts.size() > 1 && !view->snapshot(parts[1])) return fail(Code::not_found, "Instance snapshot not found");
  request.type = db::name_of(view->row.type);
  if (!profiles_given) request.profiles = view->row.profiles;
  profiles_given = true;
  return {};
}

Result<Reply> create_from_copy(Call& call, api::InstancesPost request) {
  db::instances::Row row = TRY(target_row(call, request));
  if (!request.source.base_image.empty()) row.config["volatile.base_image"] = request.source.base_image;
  instance::CopyOptions options{.source_project = request.source.project,
                                .source = request.source.source,
                                .instance_only = request.source.instance_only,
                                .refresh = request.source.refresh,
                                .refresh_exclude_older = request.source.refresh_exclude_older,
                                .allow_inconsistent = request.source.allow_inconsistent};
  auto work = [&daemon = call.daemon, start = request.start, row, options](const instance::Job& job) -> Result<> {
    return finish(job, TRY(instance::create_copy(job, *daemon.instances, row, options)), start);
  };
  return start_work(call, core::OperationType::instance_create, {{"instances", {instance_path(request.name), instance_path(request.source.source)}}},
                    std::move(work));
}

Result<Reply> create_from_migration(Call&, api::InstancesPost) { return fail(Code::unsupported, "Receiving an instance from another server is not available in this build"); }

}  // namespace incusd
