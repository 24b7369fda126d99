// /1.0/instances: the list, creation and state changes of all at once.
#include <thread>

#include "api/types/instance.h"
#include "applets/daemon/routes/instance_common.h"
#include "applets/daemon/routes/instance_list.h"
#include "applets/daemon/routes/instance_sources.h"
#include "core/gate.h"
#include "core/project_cache.h"
#include "db/profiles.h"
#include "instance/instance_types.h"
#include "instance/power.h"

namespace incusd {
namespace {

using http::Method;

/// Limits and restrictions, as far as the request alone shows; the finished row is judged again when it is stored.
Result<> check_gate(Call& call, api::InstancesPost& request) {
  auto type = db::instance_type(request.type);
  if (!type) return fail(Code::invalid, "Invalid instance type {}", quote(request.type));
  bool copied = request.source.type == "copy" || request.source.type == "migration";
  return call.daemon.global->read([&](db::Tx& tx) -> Result<> {
    TRY(core::gate::check_request(tx, {.project = call.project, .name = request.name, .type = *type, .config = request.config,
                                       .source_type = request.source.type, .source_mode = request.source.mode, .source_server = request.source.server}));
    if (copied) {
      request.config = TRY(core::gate::strip_forbidden_volatile(tx, call.project, *type, std::move(request.config)));
      return {};
    }
    return core::gate::check_instance(tx, {.project = call.project, .name = request.name, .type = *type, .config = request.config,
                                           .devices = request.devices, .profiles = request.profiles, .is_new = true});
  });
}

bool is_root_disk(const StringMap& device) { return get_or(device, "type") == "disk" && get_or(device, "path") == "/"; }

/// The root disk gets a size unless it has one. One of the profiles is taken over.
Result<> size_root_disk(Call& call, api::InstancesPost& request, const std::string& size) {
  for (auto& [name, device] : request.devices)
    if (is_root_disk(device)) return device.try_emplace("size", size), Result<>();
  std::string project = TRY(call.daemon.projects->effective(call.project, "profile"));
  for (auto profile = request.profiles.rbegin(); profile != request.profiles.rend(); ++profile) {
    auto row = TRY(call.daemon.global->read([&](db::Tx& tx) { return db::profiles::load(tx, project, *profile); }));
    for (const auto& [name, device] : row.devices) {
      if (!is_root_disk(device)) continue;
      request.devices[name] = device;
      request.devices[name]["size"] = size;
      return {};
    }
  }
  return {};
}

/// `instance_type` is short for limits; those given by name win.
Result<> apply_instance_type(Call& call, api::InstancesPost& request) {
  if (request.instance_type.empty()) return {};
  auto type = TRY(instance::parse_instance_type(request.instance_type));
  for (const auto& [key, value] : type.config)
    if (get_or(request.config, key).empty()) request.config[key] = value;
  return type.disk_size > 0 ? size_root_disk(call, request, std::format("{}B", type.disk_size)) : Result<>();
}

/// What every way of creating starts with: profiles and a name.
Result<> complete_request(Call& call, api::InstancesPost& request, const std::optional<db::images::Row>& image, bool profiles_given) {
  if (!profiles_given && image) {
    request.profiles = image->profiles;
    profiles_given = true;
  }
  if (!profiles_given) request.profiles = {"default"};
  if (request.name.empty()) request.name = TRY(instance::free_name(*call.daemon.instances, call.project));
  else if (request.source.type != "migration" && !request.source.refresh && call.daemon.instances->find(call.project, request.name))
    return fail(Code::internal, "Instance {} already exists", quote(request.name));
  TRY(instance::check_name(request.name));
  TRY(apply_instance_type(call, request));
  return check_gate(call, request);
}

Result<Reply> create_instance(Call& call) {
  if (call.request.headers.get("Content-Type") == "application/octet-stream") return create_from_backup(call);
  if (!call.daemon.ready) return fail(Code::unavailable, "The server is still starting up");
  Json body = TRY(api::parse_json(TRY(read_request_body(call))));
  auto request = TRY(api::from_json<api::InstancesPost>(body));
  if (request.type.empty()) request.type = "container";
  bool profiles_given = body.contains("profiles") && !body["profiles"].is_null();
  const std::string& kind = request.source.type;
  if (kind == "image") {
    auto image = TRY(source_image(call, request));
    TRY(complete_request(call, request, image, profiles_given));
    return create_from_image(call, std::move(request), std::move(image));
  }
  if (kind == "copy") {
    TRY(complete_copy(call, request, profiles_given));
    TRY(complete_request(call, request, std::nullopt, profiles_given));
    return create_from_copy(call, std::move(request));
  }
  TRY(complete_request(call, request, std::nullopt, profiles_given));
  if (kind == "none") return create_from_none(call, std::move(request));
  if (kind == "migration") return create_from_migration(call, std::move(request));
  return fail(Code::invalid, "Unknown source type {}", kind);
}

core::OperationType type_of_action(const std::string& action) {
  if (action == "start") return core::OperationType::instance_start;
  if (action == "stop") return core::OperationType::instance_stop;
  if (action == "restart") return core::OperationType::instance_restart;
  if (action == "freeze") return core::OperationType::instance_freeze;
  return core::OperationType::instance_unfreeze;
}

/// Those the action makes a difference to.
bool concerned(const instance::Instance& instance, const std::string& action) {
  bool running = instance.running(), frozen = instance.status() == instance::Status::frozen;
  if (action == "start") return !running;
  if (action == "freeze") return running && !frozen;
  if (action == "unfreeze") return frozen;
  return running;
}

Result<> change_all(const instance::Job& job, const std::vector<instance::InstancePtr>& instances, const api::InstanceStatePut& state) {
  instance::PowerOptions options{.timeout = seconds(state.timeout < 0 ? 600 : state.timeout), .force = state.force, .stateful = state.stateful};
  std::vector<std::string> failures(instances.size());
  std::atomic<size_t> next = 0;
  auto work = [&] {
    for (size_t i; (i = next.fetch_add(1)) < instances.size();) {
      auto done = instance::change_state(job, instances[i], state.action, options);
      if (!done) failures[i] = std::format("Failed updating instance {}: {}", quote(instances[i]->name()), done.error().message());
    }
  };
  std::vector<std::thread> threads;
  for (size_t i = 0; i < std::min<size_t>(instances.size(), 8); i++) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  StringList messages;
  for (const std::string& failure : failures)
    if (!failure.empty()) messages.push_back(failure);
  if (messages.empty()) return {};
  return fail(Code::internal, "{}", join(messages, "\n"));
}

Result<Reply> change_instances(Call& call) {
  auto request = TRY(call.body<api::InstancesPut>());
  if (!request.state) return fail(Code::invalid, "No state change was asked for: the member \"state\" is missing");
  api::InstanceStatePut state = *request.state;
  if (!contains({"start", "stop", "restart", "freeze", "unfreeze"}, state.action)) return fail(Code::invalid, "Unknown action: '{}'", state.action);
  std::vector<instance::InstancePtr> list;
  StringList urls;
  for (const auto& instance : call.daemon.instances->list(call.project)) {
    if (!concerned(*instance, state.action)) continue;
    TRY(call.identity.check({"instance", call.project, instance->name()}, "can_update_state"));
    list.push_back(instance);
    urls.push_back(instance_path(instance->name()));
  }
  return start_work(call, type_of_action(state.action), {{"instances", urls}},
                    [list, state](const instance::Job& job) { return change_all(job, list, state); });
}

constexpr Route kRoutes[] = {
    {Method::get, "/1.0/instances", kAuthenticated, kNoFlags, list_instances, "Lists instances"},
    {Method::post, "/1.0/instances", allow("project", "can_create_instances"), kProject | kLargeBody, create_instance, "Creates an instance"},
    {Method::put, "/1.0/instances", kAuthenticated, kProject, change_instances, "Changes the state of all instances"},
};

}  // namespace

extern const Routes instances_routes = kRoutes;

}  // namespace incusd
