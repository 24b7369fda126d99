// Calls that upstream's tests make to provoke things.
#include <malloc.h>

#include "api/json.h"
#include "applets/daemon/daemon.h"
#include "applets/daemon/route.h"
#include "core/warnings.h"

namespace incusd {
namespace {

std::string text_member(const Json& object, const char* name) {
  return object.contains(name) && object.at(name).is_string() ? object.at(name).get<std::string>() : "";
}

int64_t number_member(const Json& object, const char* name, int64_t fallback) {
  return object.contains(name) && object.at(name).is_number_integer() ? object.at(name).get<int64_t>() : fallback;
}

Result<Reply> post_warning(Call& call) {
  Json body = TRY(api::parse_json(call.request.body));
  if (!body.is_object()) return fail(Code::invalid, "A JSON object is expected");
  int64_t entity = number_member(body, "entity_type_code", -1), type = number_member(body, "type_code", 0);
  if (entity != -1 && !core::is_entity_type(entity)) return fail(Code::internal, "Invalid entity type");
  if (!core::is_warning_type(type)) return fail(Code::internal, "Failed to create warning: Unknown warning type code {}", type);
  core::WarningSubject subject{.type = static_cast<core::WarningType>(type), .project = text_member(body, "project"),
                               .entity = static_cast<core::EntityType>(entity), .entity_id = number_member(body, "entity_id", -1),
                               .location = text_member(body, "location")};
  TRY_CTX(call.daemon.global->write([&](db::Tx& tx) { return core::warn(tx, subject, text_member(body, "message")); }), "Failed to create warning");
  return ok();
}

/// Gives freed memory back to the kernel.
Result<Reply> collect_garbage(Call&) {
  malloc_trim(0);
  return ok();
}

constexpr Route kRoutes[] = {
    {http::Method::get, "/internal/debug/gc", allow("server", "can_edit"), kNoFlags, collect_garbage, "Give back unused memory"},
    {http::Method::post, "/internal/debug/warnings", allow("server", "can_edit"), kNoFlags, post_warning, "Create a warning"},
};

}  // namespace

extern const Routes internal_debug_routes = kRoutes;

}  // namespace incusd
