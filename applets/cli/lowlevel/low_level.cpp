// `incus low-level`: memory dumps, repairs and disks of virtual machines.
#include <fcntl.h>

#include "applets/cli/call.h"
#include "applets/cli/input.h"
#include "applets/cli/instance/common.h"
#include "applets/cli/nbd.h"
#include "base/unique_fd.h"

namespace cli {
namespace {

Result<> dump_memory(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  const std::string& path = call.args[1].text;
  bool to_stdout = means_stdout(path);
  UniqueFd file(to_stdout ? -1 : open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file && !to_stdout) return fail_errno("open " + path);
  client::Request request{.target = instance_url(call.args[0].object().text, "/debug/memory?format=" + url_escape(call.flags.text("format")))};
  request.sink = client::sink_fd(to_stdout ? 1 : file.get());
  auto answer = TRY_CTX(server.send(call.ctx, std::move(request)), "Failed to dump instance memory");
  if (answer.status >= 400) return Failure(client::answer_error(answer).wrap("Failed to dump instance memory"));
  return {};
}

Result<> repair(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  Json body = {{"action", call.args[1].text}};
  TRY_CTX(server.query(call.ctx, http::Method::post, instance_url(call.args[0].object().text, "/debug/repair"), api::dump_json(body)), "Failed to repair instance");
  return {};
}

Result<> create_bitmaps(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  TRY_CTX(server.query(call.ctx, http::Method::post, instance_url(call.args[0].object().text, "/bitmaps"), bitmap_body(call, call.args[1].text)), "Failed to create bitmap");
  return {};
}

Result<> nbd(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  const std::string& name = call.args[0].object().text;
  TRY(server.get(call.ctx, instance_url(name)));
  return serve_nbd(call, server, {.path = instance_url(name, "/nbd"), .query = ""});
}

constexpr Flag kNbdFlags[] = {kNbdAddressFlag};
constexpr Flag kDumpFlags[] = {{"format|f", FlagKind::text, "What the dump looks like (elf, kdump-zlib, kdump-lzo, kdump-snappy, kdump-raw-zlib, win-dmp, …)", "elf"}};

constexpr Command kCommands[] = {
    {.path = "low-level", .summary = "Look beneath instances", .aliases = "debug", .options = kHelpGroup | kHiddenCommand},
    {.path = "low-level bitmap", .summary = "Manage dirty bitmaps of virtual machines", .aliases = "bitmaps", .options = kGroup},
    {.path = "low-level bitmap create", .usage = "[<remote>:]<instance> <new bitmap name>", .summary = "Record which blocks change on the disks of a running virtual machine", .run = create_bitmaps,
     .flags = kBitmapFlags, .about = "On the root disk and on dependent volumes, from the same moment on. \"incus storage volume bitmap\" shows and deletes bitmaps of one disk."},
    {.path = "low-level dump-memory", .usage = "[<remote>:]<instance> <target file>", .summary = "Write the memory of a running virtual machine to a file", .run = dump_memory, .flags = kDumpFlags,
     .about = "For debuggers and forensics. The machine stands still meanwhile. Which formats there are depends on the QEMU of the server.",
     .examples = "incus low-level dump-memory v1 v1.elf\n    The memory of v1 as an ELF core file."},
    {.path = "low-level nbd", .usage = "[<remote>:]<instance>", .summary = "Read the disks of a running virtual machine over NBD", .run = nbd, .flags = kNbdFlags,
     .about = "Each disk is an export with its device's name, for reading, as all of them were when the first client connected. Bitmaps are there as\n"
              "\"qemu:dirty-bitmap:NAME\". Clients that come while one is there read the same; until interrupted.",
     .examples = "incus low-level nbd v1 --address 127.0.0.1:10809\n    qemu-img convert nbd://127.0.0.1/root v1.qcow2 then copies its root disk."},
    {.path = "low-level repair", .usage = "[<remote>:]<instance> <action>", .summary = "Mend what a stopped virtual machine does not start without", .run = repair,
     .about = "Actions:\n  rebuild-nvram            start over with the variables that came with the firmware\n"
              "  rebuild-config-volume    make the config volume anew (of machines on QCOW2 volumes)"},
};

}  // namespace

extern const CommandTable low_level_commands = kCommands;

}  // namespace cli
