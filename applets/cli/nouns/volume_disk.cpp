// `incus storage volume bitmap` and `incus storage volume nbd`: the disks of block volumes.
#include <print>

#include "api/types/storage_pool_volume_bitmap.h"
#include "api/yaml.h"
#include "applets/cli/input.h"
#include "applets/cli/nbd.h"
#include "applets/cli/nouns/volume.h"
#include "applets/cli/verbs/columns.h"
#include "applets/cli/verbs/flags.h"

namespace cli {

namespace {

constexpr Column kBitmapColumns[] = {{'n', "NAME", text_cell<"name">},          {'c', "DIRTY BYTES", text_cell<"count">},       {'g', "GRANULARITY", text_cell<"granularity">},
                                     {'r', "RECORDING", yes_no_cell<"recording">}, {'b', "BUSY", yes_no_cell<"busy">},             {'p', "PERSISTENT", yes_no_cell<"persistent">},
                                     {'i', "INCONSISTENT", yes_no_cell<"inconsistent">}};
constexpr Noun kBitmap = {.what = "bitmap", .title = "Bitmap", .collection = "", .wire = kWire<api::StorageVolumeBitmap, api::StorageVolumeBitmap>, .edit_help = "", .columns = kBitmapColumns, .traits = kPlainNoun};

Result<> create(Call& call) {
  Volume volume = TRY(volume_of(call));
  TRY_CTX(run_request(call, volume.server, http::Method::post, volume.path() + "/bitmaps", bitmap_body(call, call.args[2].text)), "Failed to create bitmap");
  return {};
}

std::string path_of(const Call& call, const Volume& volume) { return volume.path() + "/bitmaps/" + url_escape(call.args[2].text); }

Result<> remove(Call& call) {
  Volume volume = TRY(volume_of(call));
  TRY_CTX(run_request(call, volume.server, http::Method::delete_, path_of(call, volume)), "Failed to delete bitmap");
  call.say(std::format("Bitmap {} deleted from volume {}", call.args[2].text, volume.name));
  return {};
}

Result<> list(Call& call) {
  TRY(check_format(call.format()));
  Volume volume = TRY(volume_of(call));
  Json items = TRY_CTX(volume.server.get(call.ctx, volume.path() + "/bitmaps?recursion=1"), "Failed to list bitmaps").metadata;
  return print_objects(call, kBitmap, std::move(items), call.flags.text("columns"));
}

Result<> show(Call& call) {
  Volume volume = TRY(volume_of(call));
  Json item = TRY_CTX(volume.server.get(call.ctx, path_of(call, volume)), "Failed to get bitmap").metadata;
  std::print("{}", api::dump_yaml(TRY(retyped<api::StorageVolumeBitmap>(item))));
  return {};
}

Result<> nbd(Call& call) {
  Volume volume = TRY(volume_of(call));
  TRY(get_volume(call, volume));
  return serve_nbd(call, volume.server, {.path = volume.path() + "/nbd", .query = call.flags.on("writable") ? "writable=1" : "", .once = true});
}

constexpr Flag kCreateFlags[] = {kBitmapFlags[0], kBitmapFlags[1], kBitmapFlags[2], kTargetFlag};
constexpr Flag kNbdFlags[] = {kNbdAddressFlag, {"writable", FlagKind::boolean, "Write it too, which nothing else may do meanwhile"}};
constexpr Flag kListFlags[] = {columns_flag("ncgrbpi"), kFormatFlag, kTargetFlag};

constexpr Command kCommands[] = {
    {.path = "storage volume bitmap", .summary = "Manage dirty bitmaps of volumes", .options = kGroup},
    {.path = "storage volume bitmap create", .usage = "[<remote>:]<pool> [<type>/]<volume> <new bitmap name>", .summary = "Record which blocks of a volume change", .run = create, .flags = kCreateFlags, .aliases = "add"},
    {.path = "storage volume bitmap delete", .usage = "[<remote>:]<pool> [<type>/]<volume> <bitmap>", .summary = "Delete a bitmap", .run = remove, .flags = kTargetFlags, .aliases = "rm,remove"},
    {.path = "storage volume bitmap list", .usage = "[<remote>:]<pool> [<type>/]<volume>", .summary = "List the bitmaps of a volume", .run = list, .flags = kListFlags, .aliases = "ls",
     .about = "Columns:\n  b  busy\n  c  dirty bytes\n  g  granularity\n  i  inconsistent\n  n  name\n  p  persistent\n  r  recording"},
    {.path = "storage volume bitmap show", .usage = "[<remote>:]<pool> [<type>/]<volume> <bitmap>", .summary = "Show a bitmap", .run = show, .flags = kTargetFlags},
    {.path = "storage volume nbd", .usage = "[<remote>:]<pool> [<type>/]<volume>", .summary = "Get to the disk of a block volume over NBD", .run = nbd, .flags = kNbdFlags,
     .about = "For one client, and as long as it stays. While a virtual machine runs with the disk, it can be read only, as it was when the client connected.",
     .examples = "incus storage volume nbd default data --address 127.0.0.1:10809\n    qemu-img convert nbd://127.0.0.1 data.qcow2 then copies the disk."},
};

}  // namespace

extern const CommandTable volume_disk_commands = kCommands;

}  // namespace cli
