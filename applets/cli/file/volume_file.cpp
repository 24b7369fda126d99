// `incus storage volume file`: files of custom volumes by name.
#include "applets/cli/file/commands.h"
#include "applets/cli/file/flags.h"

namespace cli {
namespace {

/// `[<remote>:]<pool> <volume>/<path>`, from the argument `at` on.
Result<FilePlace> place_at(Call& call, size_t at) { return volume_place(call, call.args[at], call.args[at + 1]); }

Result<> create(Call& call) { return create_file(call, TRY(place_at(call, 0)), call.args[2]); }
Result<> remove(Call& call) { return delete_file(call, TRY(place_at(call, 0))); }
Result<> edit(Call& call) { return edit_remote_file(call, TRY(place_at(call, 0))); }
Result<> pull(Call& call) { return pull_files(call, {TRY(place_at(call, 0))}, call.args[2].text); }
Result<> push(Call& call) { return push_files(call, {call.args[0].text}, TRY(place_at(call, 1)), false); }

Result<> mount(Call& call) {
  FilePlace place = TRY(place_at(call, 0));
  place.path = "/";
  if (!call.args[2].skipped && !call.flags.text("listen").empty()) return fail(Code::invalid, "Target path and --listen flag cannot be used together");
  std::string owner = place.sftp.substr(0, place.sftp.rfind('/'));
  return mount_files(call, place, call.args[2], owner, std::format("{}.{}", call.args[0].object().text, call.args[1].text));
}

constexpr std::string_view kOne = "[<remote>:]<pool> <volume>/<path>";
constexpr Command kCommands[] = {
    {.path = "storage volume file", .summary = "Manage files in custom volumes", .options = kGroup},
    {.path = "storage volume file create", .usage = "[<remote>:]<pool> <volume>/<path> [<symlink target path>]", .summary = "Make a file, folder or link", .run = create, .flags = kFileCreateFlags,
     .examples = "incus storage volume file create default data/notes\n    Make an empty file.\n\n"
                 "incus storage volume file create --type=symlink default data/latest notes\n    Make a link to it."},
    {.path = "storage volume file delete", .usage = kOne, .summary = "Delete a file", .run = remove, .flags = kFileDeleteFlags, .aliases = "rm,remove"},
    {.path = "storage volume file edit", .usage = kOne, .summary = "Edit a file in your editor", .run = edit},
    {.path = "storage volume file mount", .usage = "[<remote>:]<pool> <volume> [<target path>]", .summary = "Mount a volume's files", .run = mount, .flags = kFileMountFlags,
     .about = "With a target, sshfs mounts the volume there. Without one, an SSH server offers its files over SFTP on a local port."},
    {.path = "storage volume file pull", .usage = "[<remote>:]<pool> <volume>/<path> <target path>", .summary = "Copy files from a volume", .run = pull, .flags = kFilePullFlags,
     .examples = "incus storage volume file pull default data/notes .\n    Copy one file here.\n\nincus storage volume file pull default data/notes -\n    Print it."},
    {.path = "storage volume file push", .usage = "<path> [<remote>:]<pool> <volume>/<target path>", .summary = "Copy files to a volume", .run = push, .flags = kFilePushFlags,
     .examples = "incus storage volume file push notes default data/notes\n    Copy one file.\n\necho hello | incus storage volume file push - default data/greeting\n    Write standard input."},
};

}  // namespace

extern const CommandTable volume_file_commands = kCommands;

}  // namespace cli
