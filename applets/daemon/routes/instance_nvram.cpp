// /1.0/instances/{name}/nvram: the variables of a virtual machine's firmware.
#include "api/url.h"
#include "applets/daemon/routes/config_status.h"
#include "applets/daemon/routes/instance_common.h"
#include "base/encode.h"
#include "instance/nvram.h"

namespace incusd {
namespace {

using http::Method;
using instance::FirmwareVariable;
using instance::FirmwareVariables;

constexpr const char* kBytes = "application/octet-stream";

Json json_of(const std::string& guid, const std::string& name, const FirmwareVariable& variable) {
  Json out = Json::object();
  if (Json value = instance::nvram_value(guid, name, variable.data); !value.is_null()) out["data"] = value;
  out["attributes"] = instance::attribute_names(variable.attributes);
  if (variable.timestamp) out["timestamp"] = variable.timestamp->rfc3339();
  out["binary"] = base64_encode(variable.data);
  return out;
}

std::string etag(const FirmwareVariable& variable) { return etag_of(api::dump_json(json_of("", "", variable))); }

std::string url(const Call& call, const std::string& guid, const std::string& name = "") {
  std::string out = instance_path(call.param("name")) + "/nvram/" + url_escape(guid);
  if (!name.empty()) out += "/" + url_escape(name);
  return call.project == "default" ? out : out + "?project=" + url_escape(call.project);
}

Json urls_of(const Call& call, const std::string& guid, const std::map<std::string, FirmwareVariable>& named) {
  Json out = Json::array();
  for (const auto& [name, variable] : named) out.push_back(url(call, guid, name));
  return out;
}

Json objects_of(const std::string& guid, const std::map<std::string, FirmwareVariable>& named) {
  Json out = Json::object();
  for (const auto& [name, variable] : named) out[name] = json_of(guid, name, variable);
  return out;
}

Result<Reply> get_all(Call& call) {
  FirmwareVariables all = TRY(instance::read_nvram(call.ctx, TRY(find_instance(call))));
  int depth = call.recursion();
  Json out = depth <= 0 ? Json::array() : Json::object();
  for (const auto& [guid, named] : all) {
    if (depth <= 0) out.push_back(url(call, guid));
    else out[guid] = depth == 1 ? urls_of(call, guid, named) : objects_of(guid, named);
  }
  return ok(api::dump_json(out));
}

Result<Reply> get_guid(Call& call) {
  FirmwareVariables all = TRY(instance::read_nvram(call.ctx, TRY(find_instance(call))));
  auto found = all.find(call.param("guid"));
  if (found == all.end()) return fail(Code::not_found, "GUID not found");
  return ok(api::dump_json(call.recursion() <= 0 ? urls_of(call, found->first, found->second) : objects_of(found->first, found->second)));
}

/// Null if there is none.
FirmwareVariable* find(FirmwareVariables& all, const Call& call) {
  auto group = all.find(call.param("guid"));
  if (group == all.end()) return nullptr;
  auto found = group->second.find(call.param("var"));
  return found == group->second.end() ? nullptr : &found->second;
}

Result<Reply> get_variable(Call& call) {
  FirmwareVariables all = TRY(instance::read_nvram(call.ctx, TRY(find_instance(call))));
  FirmwareVariable* found = find(all, call);
  if (!found) return fail(Code::not_found, "Variable not found");
  if (call.request.headers.get("Accept") != kBytes) return ok(api::dump_json(json_of(call.param("guid"), call.param("var"), *found)), etag(*found));
  http::Response response;
  response.headers.set("Content-Type", kBytes);
  response.headers.set("X-Incus-attributes", std::to_string(found->attributes));
  if (found->timestamp) response.headers.set("X-Incus-timestamp", std::to_string(found->timestamp->seconds));
  response.body = found->data;
  return raw(std::move(response));
}

/// The request's body as bytes, with its attributes in headers.
Result<FirmwareVariable> from_bytes(const Call& call) {
  FirmwareVariable out{.attributes = 7, .timestamp = std::nullopt, .data = call.request.body};
  if (std::string given = call.request.headers.get("X-Incus-attributes"); !given.empty()) {
    auto number = parse_uint(given.starts_with("0x") ? given.substr(2) : given, given.starts_with("0x") ? 16 : 10);
    if (!number || *number > UINT32_MAX) return fail(Code::invalid, "X-Incus-attributes header must be an integer");
    out.attributes = static_cast<uint32_t>(*number);
  }
  if (std::string given = call.request.headers.get("X-Incus-timestamp"); !given.empty()) {
    auto number = parse_int(given);
    if (!number || *number < 0 || *number > UINT32_MAX) return fail(Code::invalid, "X-Incus-timestamp header must be an integer");
    if (!(out.attributes & instance::kTimeBased))
      return fail(Code::invalid, "X-Incus-timestamp header can only be set on variables with TIME_BASED_AUTHENTICATED_WRITE_ACCESS");
    out.timestamp = Timestamp::from_unix(*number);
  }
  return out;
}

Result<> store(FirmwareVariables& all, const std::string& guid, const std::string& name, FirmwareVariable fresh) {
  if (!(fresh.attributes & instance::kNonVolatile)) return fail(Code::invalid, "Volatile UEFI variables cannot be stored in the NVRAM");
  all[guid][name] = std::move(fresh);
  return {};
}

Result<> changed(Call& call, const std::function<Result<>(FirmwareVariables&)>& change) {
  auto instance = TRY(find_instance(call));
  TRY(instance::change_nvram(call.ctx, instance, change));
  instance::lifecycle(*instance, job_of(call), "instance-updated");
  return {};
}

Result<Reply> put_variable(Call& call) {
  const std::string guid = call.param("guid"), name = call.param("var");
  bool bytes = call.request.headers.get("Content-Type") == kBytes;
  FirmwareVariable fresh = TRY(bytes ? from_bytes(call) : instance::variable_of(guid, name, TRY(api::parse_json(call.request.body))));
  bool was_there = false;
  TRY(changed(call, [&](FirmwareVariables& all) -> Result<> {
    if (FirmwareVariable* before = find(all, call)) {
      was_there = true;
      TRY(call.check_etag(etag(*before)));
    }
    return store(all, guid, name, std::move(fresh));
  }));
  return was_there ? ok() : created(url(call, guid, name));
}

Result<Reply> delete_variable(Call& call) {
  TRY(changed(call, [&](FirmwareVariables& all) -> Result<> {
    if (!find(all, call)) return fail(Code::not_found, "Variable not found");
    all[call.param("guid")].erase(call.param("var"));
    return {};
  }));
  return ok();
}

/// {guid: {name: variable or null}}
Result<Reply> patch_all(Call& call) {
  Json body = TRY(api::parse_json(call.request.body));
  if (!body.is_object()) return fail(Code::invalid, "Variables by GUID and name are wanted");
  TRY(changed(call, [&](FirmwareVariables& all) -> Result<> {
    for (const auto& [guid, named] : body.items()) {
      if (!named.is_object()) return fail(Code::invalid, "Variables by GUID and name are wanted");
      for (const auto& [name, variable] : named.items()) {
        if (variable.is_null()) all[guid].erase(name);
        else TRY(store(all, guid, name, TRY(instance::variable_of(guid, name, variable))));
      }
    }
    return {};
  }));
  return ok();
}

constexpr Route kRoutes[] = {
    {Method::get, "/1.0/instances/{name}/nvram", kViewInstance, kProject, get_all, "Lists the firmware variables of a virtual machine"},
    {Method::patch, "/1.0/instances/{name}/nvram", kEditInstance, kProject, patch_all, "Changes several firmware variables of a virtual machine"},
    {Method::get, "/1.0/instances/{name}/nvram/{guid}", kViewInstance, kProject, get_guid, "Lists the firmware variables of one GUID"},
    {Method::get, "/1.0/instances/{name}/nvram/{guid}/{var}", kViewInstance, kProject, get_variable, "Shows a firmware variable"},
    {Method::put, "/1.0/instances/{name}/nvram/{guid}/{var}", kEditInstance, kProject, put_variable, "Sets a firmware variable"},
    {Method::delete_, "/1.0/instances/{name}/nvram/{guid}/{var}", kEditInstance, kProject, delete_variable, "Deletes a firmware variable"},
};

}  // namespace

extern const Routes instance_nvram_routes = kRoutes;

}  // namespace incusd
