// Warnings: list, show, acknowledge, delete.
#include "api/types/warning.h"

#include "applets/daemon/daemon.h"
#include "applets/daemon/route.h"
#include "applets/daemon/routes/config_status.h"
#include "core/warnings.h"

namespace incusd {
namespace {

std::string url_of(const std::string& uuid) { return "/1.0/warnings/" + uuid; }

Result<Reply> list_warnings(Call& call) {
  std::string project = call.query("project");
  auto warnings = TRY(call.daemon.global->read([&](db::Tx& tx) -> Result<std::vector<api::Warning>> {
    std::vector<api::Warning> list;
    for (const auto& row : TRY(db::warnings::load_all(tx, project))) list.push_back(TRY(core::render_warning(tx, row)));
    return list;
  }));
  StringList urls, objects;
  for (const api::Warning& warning : warnings) {
    urls.push_back(url_of(warning.uuid));
    objects.push_back(api::dump(warning));
  }
  return refused_as_500(list_reply(call, urls, objects));
}

Result<Reply> get_warning(Call& call) {
  auto warning = TRY(call.daemon.global->read([&](db::Tx& tx) -> Result<api::Warning> {
    return core::render_warning(tx, TRY(db::warnings::load(tx, call.param("id"))));
  }));
  return ok(api::dump(warning));
}

Result<Reply> set_warning(Call& call) {
  auto put = TRY(call.body<api::WarningPut>());
  auto status = db::warning_status(put.status);
  if (!status) return fail(Code::invalid, "Invalid warning type {}", quote(put.status));
  if (*status == db::WarningStatus::resolved) return fail(Code::forbidden, "Status may only be set to \"acknowledge\" or \"new\"");
  std::string uuid = call.param("id");
  TRY(call.daemon.global->write([&](db::Tx& tx) -> Result<> {
    TRY(db::warnings::load(tx, uuid));
    return db::warnings::set_status(tx, uuid, *status);
  }));
  bool acknowledged = *status == db::WarningStatus::acknowledged;
  call.daemon.events.lifecycle("default", acknowledged ? "warning-acknowledged" : "warning-reset", url_of(uuid), call.identity.requestor);
  return ok();
}

Result<Reply> delete_warning(Call& call) {
  std::string uuid = call.param("id");
  TRY(call.daemon.global->write([&](db::Tx& tx) -> Result<> {
    TRY(db::warnings::load(tx, uuid));
    return db::warnings::remove(tx, uuid);
  }));
  call.daemon.events.lifecycle("default", "warning-deleted", url_of(uuid), call.identity.requestor);
  return ok();
}

constexpr Access kView = allow("server", "can_view"), kEdit = allow("server", "can_edit");
constexpr Route kRoutes[] = {
    {http::Method::get, "/1.0/warnings", kView, kNoFlags, list_warnings, "Warnings"},
    {http::Method::get, "/1.0/warnings/{id}", kView, kNoFlags, get_warning, "A warning"},
    {http::Method::put, "/1.0/warnings/{id}", kEdit, kNoFlags, set_warning, "Set a warning's status"},
    {http::Method::patch, "/1.0/warnings/{id}", kEdit, kNoFlags, set_warning, "Set a warning's status"},
    {http::Method::delete_, "/1.0/warnings/{id}", kEdit, kNoFlags, delete_warning, "Delete a warning"},
};

}  // namespace

extern const Routes warning_routes = kRoutes;

}  // namespace incusd
