#include "instance/qemu/nbd.h"

#include <algorithm>

#include "api/json_member.h"
#include "instance/qemu/plug_common.h"
#include "sys/unnamed_file.h"

namespace instance::qemu {
namespace {

/// What is made for exports is called so, and found again by it.
constexpr std::string_view kPrefix = "incus-nbd-";
constexpr const char* kListener = "incus-nbd-listener";

std::string view_node(size_t number) { return std::format("{}{}", kPrefix, number); }
std::string file_node(const std::string& view) { return view + "-file"; }

/// The members of a list that QEMU answers with.
Result<std::vector<Json>> list_of(const Context& ctx, qmp::Client& client, std::string_view command, const Json& arguments = Json()) {
  Json answer = TRY(client.run(ctx, command, arguments));
  return answer.is_array() ? std::vector<Json>(answer.begin(), answer.end()) : std::vector<Json>();
}

/// What QEMU says of the node; null if there is none.
Result<Json> node_of(const Context& ctx, qmp::Client& client, const std::string& name) {
  for (Json& node : TRY(list_of(ctx, client, "query-named-block-nodes", {{"flat", true}})))
    if (api::member_text(node, "node-name") == name) return std::move(node);
  return Json();
}

Result<> await_job(const Context& ctx, qmp::Client& client, const std::string& id) {
  for (milliseconds pause{1};; pause = std::min(pause * 2, milliseconds(100))) {
    for (const Json& job : TRY(list_of(ctx, client, "query-jobs"))) {
      if (api::member_text(job, "id") != id || api::member_text(job, "status") != "concluded") continue;
      std::string why = api::member_text(job, "error");
      TRY(client.run(ctx, "job-dismiss", {{"id", id}}));
      return why.empty() ? Result<>() : Result<>(fail(Code::internal, "{}", why));
    }
    TRY(ctx.sleep(pause));
  }
}

/// An empty qcow2 image over the drive: what it does not hold is read from there.
Result<> add_view(const Context& ctx, qmp::Client& client, Reverter& undo, const std::string& drive, const std::string& view, const std::string& folder) {
  Json node = TRY(node_of(ctx, client, drive));
  if (node.is_null()) return fail(Code::internal, "Requested device not found");
  uint64_t size = api::member_unsigned(api::member(node, "image"), "virtual-size");
  UniqueFd file = TRY(sys::unnamed_file(folder));
  std::string path = TRY(add_fdset(ctx, client, undo, view, file.get())), file_name = file_node(view);
  TRY(client.run(ctx, "blockdev-add", {{"driver", "file"}, {"node-name", file_name}, {"filename", path}, {"locking", "off"}}));
  undo_with(undo, client, "blockdev-del", {{"node-name", file_name}});
  TRY(client.run(ctx, "blockdev-create", {{"job-id", view}, {"options", {{"driver", "qcow2"}, {"file", file_name}, {"size", size}}}}));
  TRY(await_job(ctx, client, view));
  TRY(client.run(ctx, "blockdev-add", {{"driver", "qcow2"}, {"node-name", view}, {"file", file_name}, {"backing", drive}}));
  undo_with(undo, client, "blockdev-del", {{"node-name", view}});
  return {};
}

Json action(const char* type, Json data) { return {{"type", type}, {"data", std::move(data)}}; }

/// A copy of a bitmap of the drive on its view, which changes no more.
void add_bitmap_copy(Json& actions, const std::string& drive, const std::string& view, const api::StorageVolumeBitmap& bitmap) {
  Json source = {{"node", drive}, {"name", bitmap.name}};
  actions.push_back(action("block-dirty-bitmap-add", {{"node", view}, {"name", bitmap.name}, {"granularity", bitmap.granularity}, {"disabled", true}}));
  actions.push_back(action("block-dirty-bitmap-merge", {{"node", view}, {"target", bitmap.name}, {"bitmaps", Json::array({std::move(source)})}}));
}

Result<> serve(const Context& ctx, qmp::Client& client, const std::string& view, const NbdExport& wanted, const StringList& bitmaps) {
  Json arguments = {{"type", "nbd"}, {"id", view}, {"node-name", view}, {"name", wanted.name}, {"writable", false}};
  if (!bitmaps.empty()) arguments["bitmaps"] = bitmaps;
  TRY_CTX(client.run(ctx, "block-export-add", arguments), "Failed adding disk {} to NBD server", quote(wanted.device));
  return {};
}

/// Views of all drives, with copies of their bitmaps, of the same moment. Returns the names of the bitmaps of each.
Result<std::vector<StringList>> make_views(const Context& ctx, qmp::Client& client, Reverter& undo, const std::vector<NbdExport>& exports, const std::string& folder) {
  Json actions = Json::array();
  std::vector<StringList> names;
  for (size_t i = 0; i < exports.size(); ++i) {
    std::string drive = backend_id(exports[i].device), view = view_node(i);
    TRY_CTX(add_view(ctx, client, undo, drive, view, folder), "Failed creating temporary snapshot for {}", quote(exports[i].device));
    StringList& bitmaps = names.emplace_back();
    for (const api::StorageVolumeBitmap& bitmap : TRY(drive_bitmaps(ctx, client, exports[i].device))) {
      if (bitmap.inconsistent) continue;
      bitmaps.push_back(bitmap.name);
      add_bitmap_copy(actions, drive, view, bitmap);
    }
    actions.push_back(action("blockdev-backup", {{"device", drive}, {"target", view}, {"sync", "none"}, {"job-id", view}}));
  }
  TRY_CTX(client.run(ctx, "transaction", {{"actions", std::move(actions)}}), "Failed creating consistent storage snapshot");
  return names;
}

/// Jobs take a moment to end, and nodes are in use until they have.
Result<> cancel_jobs(const Context& ctx, qmp::Client& client) {
  for (milliseconds pause{1};; pause = std::min(pause * 2, milliseconds(50))) {
    bool any = false;
    for (const Json& job : TRY(list_of(ctx, client, "query-block-jobs"))) {
      std::string id = api::member_text(job, "device");
      if (!id.starts_with(kPrefix)) continue;
      any = true;
      (void)client.run(ctx, "block-job-cancel", {{"device", id}, {"force", true}});
    }
    if (!any) return {};
    TRY(ctx.sleep(pause));
  }
}

}  // namespace

Result<StringList> devices_with_drives(const Context& ctx, qmp::Client& client, const StringList& devices) {
  StringList nodes, out;
  for (const Json& node : TRY(list_of(ctx, client, "query-named-block-nodes", {{"flat", true}}))) nodes.push_back(api::member_text(node, "node-name"));
  for (const std::string& device : devices)
    if (contains(nodes, backend_id(device))) out.push_back(device);
  return out;
}

Result<> start_exports(const Context& ctx, qmp::Client& client, int listener, const std::vector<NbdExport>& exports, const std::string& folder) {
  Reverter undo;
  TRY(lend_fd(ctx, client, undo, kListener, listener));
  TRY_CTX(client.run(ctx, "nbd-server-start", {{"addr", {{"type", "fd"}, {"data", {{"str", kListener}}}}}}), "Failed starting NBD server");
  undo.add("stop exporting disks", [&client](const Context& undo_ctx) { return stop_exports(undo_ctx, client); });
  std::vector<StringList> bitmaps = TRY(make_views(ctx, client, undo, exports, folder));
  for (size_t i = 0; i < exports.size(); ++i) TRY(serve(ctx, client, view_node(i), exports[i], bitmaps[i]));
  undo.commit();
  return {};
}

Result<> stop_exports(const Context& ctx, qmp::Client& client) {
  (void)client.run(ctx, "nbd-server-stop");  // fails where there is none
  TRY(cancel_jobs(ctx, client));
  StringList views;
  for (const Json& node : TRY(list_of(ctx, client, "query-named-block-nodes", {{"flat", true}}))) {
    std::string name = api::member_text(node, "node-name");
    if (name.starts_with(kPrefix)) views.push_back(name);
  }
  // A view comes before its file, which it uses: "incus-nbd-0", "incus-nbd-0-file".
  std::ranges::sort(views);
  for (const std::string& name : views) TRY(remove_backend(ctx, client, "blockdev-del", {{"node-name", name}}));
  for (const std::string& name : views) drop_fdsets(ctx, client, name);
  return {};
}

Result<std::vector<api::StorageVolumeBitmap>> drive_bitmaps(const Context& ctx, qmp::Client& client, const std::string& device) {
  Json node = TRY(node_of(ctx, client, backend_id(device)));
  if (node.is_null()) return fail(Code::internal, "Requested device not found");
  std::vector<api::StorageVolumeBitmap> out;
  const Json& bitmaps = api::member(node, "dirty-bitmaps");
  for (const Json& bitmap : bitmaps.is_array() ? bitmaps : Json::array()) {
    if (api::member_text(bitmap, "name").empty()) continue;  // a job's own
    auto is = [&](const char* name) { return api::member(bitmap, name) == true; };
    out.push_back({.name = api::member_text(bitmap, "name"),
                   .count = static_cast<int64_t>(api::member_unsigned(bitmap, "count")),
                   .granularity = static_cast<int64_t>(api::member_unsigned(bitmap, "granularity")),
                   .recording = is("recording"), .busy = is("busy"), .persistent = is("persistent"), .inconsistent = is("inconsistent")});
  }
  return out;
}

Result<> add_bitmap(const Context& ctx, qmp::Client& client, const StringList& devices, const api::StorageVolumeBitmapsPost& bitmap) {
  Json actions = Json::array();
  for (const std::string& device : devices) {
    Json data = {{"node", backend_id(device)}, {"name", bitmap.name}, {"persistent", bitmap.persistent}, {"disabled", bitmap.disabled}};
    if (bitmap.granularity > 0) data["granularity"] = bitmap.granularity;
    actions.push_back(action("block-dirty-bitmap-add", std::move(data)));
  }
  TRY(client.run(ctx, "transaction", {{"actions", std::move(actions)}}));
  return {};
}

Result<> remove_bitmap(const Context& ctx, qmp::Client& client, const std::string& device, const std::string& name) {
  TRY(client.run(ctx, "block-dirty-bitmap-remove", {{"node", backend_id(device)}, {"name", name}}));
  return {};
}

}  // namespace instance::qemu
