// `incus file`: an instance's files by name.
#include "applets/cli/file/commands.h"
#include "applets/cli/file/flags.h"

namespace cli {
namespace {

Result<> create(Call& call) { return create_file(call, TRY(instance_place(call, call.args[0])), call.args[1]); }

Result<> remove(Call& call) {
  for (const Arg& arg : call.args[0].parts) TRY(delete_file(call, TRY(instance_place(call, arg))));
  return {};
}

Result<> edit(Call& call) { return edit_remote_file(call, TRY(instance_place(call, call.args[0]))); }

Result<> pull(Call& call) {
  std::vector<FilePlace> sources;
  for (const Arg& arg : call.args[0].parts) sources.push_back(TRY(instance_place(call, arg)));
  return pull_files(call, sources, call.args[1].text);
}

Result<> push(Call& call) { return push_files(call, call.args[0].texts(), TRY(instance_place(call, call.args[1])), false); }

Result<> mount(Call& call) {
  const Arg& object = call.args[0].object();
  const std::string& name = object.parts[0].text;
  FilePlace place = TRY(instance_place(call, call.args[0]));
  bool has_path = !object.parts[1].skipped, has_target = !call.args[1].skipped;
  if (has_target && !call.flags.text("listen").empty()) return fail(Code::invalid, "Target path and --listen flag cannot be used together");
  if (has_target && !has_path) return fail(Code::invalid, "An instance path is required for {}", call.shown(call.args[0]));
  if (has_path && !has_target) return fail(Code::invalid, "Instance path cannot be used in SSH SFTP listener mode");
  return mount_files(call, place, call.args[1], "/1.0/instances/" + url_escape(name), name);
}

constexpr Command kFile[] = {
    {.path = "file", .summary = "Manage files in instances", .options = kGroup},
    {.path = "file create", .usage = "[<remote>:]<instance>/<path> [<symlink target path>]", .summary = "Make a file, folder or link", .run = create, .flags = kFileCreateFlags},
    {.path = "file delete", .usage = "[<remote>:]<instance>/<path>...", .summary = "Delete files", .run = remove, .flags = kFileDeleteFlags, .aliases = "rm,remove"},
    {.path = "file edit", .usage = "[<remote>:]<instance>/<path>", .summary = "Edit a file in your editor", .run = edit},
    {.path = "file mount", .usage = "[<remote>:]<instance>[/<path>] [<target path>]", .summary = "Mount an instance's files", .run = mount, .flags = kFileMountFlags,
     .about = "With a target, sshfs mounts the folder there. Without one, an SSH server offers the instance's files over SFTP\n"
              "on a local port, with a password made up for this run unless --no-auth is given.",
     .examples = "incus file mount c1/root here\n    Mount c1's /root on the folder here.\n\nincus file mount c1\n    Offer c1's files to SFTP clients."},
    {.path = "file pull", .usage = "[<remote>:]<instance>/<path>... <target path>", .summary = "Copy files from instances", .run = pull, .flags = kFilePullFlags,
     .examples = "incus file pull c1/etc/hosts .\n    Copy one file here.\n\nincus file pull c1/etc/hosts -\n    Print it.", .options = kRightToLeft},
    {.path = "file push", .usage = "<path>... [<remote>:]<instance>/<target path>", .summary = "Copy files to instances", .run = push, .flags = kFilePushFlags,
     .examples = "incus file push hosts c1/etc/hosts\n    Copy one file.\n\necho hello | incus file push - c1/root/greeting\n    Write standard input.",
     .options = kRightToLeft},
};

}  // namespace

extern const CommandTable file_commands = kFile;

}  // namespace cli
