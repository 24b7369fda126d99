// `incus file`: an instance's files by name.
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "applets/cli/editor.h"
#include "applets/cli/file/commands.h"
#include "applets/cli/file/remote_files.h"

namespace cli {
namespace {

namespace fs = std::filesystem;

Result<> create(Call& call) {
  FileTarget target = file_target(call.args[0]);
  std::string type = target.folder ? "directory" : call.flags.text("type");
  if (type != "file" && type != "symlink" && type != "directory") return fail(Code::invalid, "Invalid type {}", quote(type));
  if (!call.args[1].skipped && type != "symlink") return fail(Code::invalid, "Symlink target path can only be used for type \"symlink\"");
  client::Server server = TRY(call.server(call.args[0]));
  RemoteFiles files = TRY(RemoteFiles::connect(call, server, target.instance));
  Ownership owner = TRY(ownership_flags(call));
  owner.uid = std::max<int64_t>(owner.uid, 0);
  owner.gid = std::max<int64_t>(owner.gid, 0);
  if (call.flags.on("create-dirs")) TRY(files.make_folders(fs::path(target.path).parent_path(), {owner.uid, owner.gid, -1}));
  if (type == "symlink") return files.make_link(fs::path(call.args[1].text).lexically_normal(), target.path);
  if (owner.mode < 0) owner.mode = type == "directory" ? 0755 : 0644;
  if (type == "directory") return files.make_folder(target.path, owner);
  return files.write_file(target.path, owner, []() -> Result<std::string> { return ""; });
}

Result<> remove(Call& call) {
  for (const Arg& arg : call.args[0].parts) {
    FileTarget target = file_target(arg);
    client::Server server = TRY(call.server(arg));
    RemoteFiles files = TRY(RemoteFiles::connect(call, server, target.instance));
    if (call.flags.on("force")) TRY(files.sftp().remove_tree(target.path));
    else if (is_folder(TRY(files.sftp().lstat(target.path)))) TRY(files.sftp().remove_folder(target.path));
    else TRY(files.sftp().remove(target.path));
  }
  return {};
}

Result<> edit(Call& call) {
  if (!stdin_is_terminal()) return push_files(call, {"-"}, call.args[0], true);
  std::string path = (fs::temp_directory_path() / "incus_file_edit_XXXXXX").string();
  UniqueFd fd(mkstemp(path.data()));
  if (!fd) return fail_errno("Unable to create a temporary file");
  auto edited = [&]() -> Result<> {
    TRY(pull_files(call, {call.args[0]}, path));
    TRY(edit_file(path));
    return push_files(call, {path}, call.args[0], true);
  }();
  unlink(path.c_str());
  return edited;
}

Result<> pull(Call& call) { return pull_files(call, call.args[0].parts, call.args[1].text); }
Result<> push(Call& call) { return push_files(call, call.args[0].texts(), call.args[1], false); }

Result<> mount(Call&) { return fail(Code::unsupported, "Mounting an instance's files isn't available yet: use `incus file pull` and `push`"); }

constexpr Flag kUid{"uid", FlagKind::number, "User id of what is made", "-1"};
constexpr Flag kGid{"gid", FlagKind::number, "Group id of what is made", "-1"};
constexpr Flag kMode{"mode", FlagKind::text, "Permissions of what is made, in octal"};
constexpr Flag kParents{"create-dirs|p", FlagKind::boolean, "Make missing folders on the way"};
constexpr Flag kArchive{"archive|a", FlagKind::boolean, "Keep owners, times and modes (implies --recursive)"};
constexpr Flag kDereference{"dereference|L", FlagKind::boolean, "Follow every link"};
constexpr Flag kFollow{"follow|H", FlagKind::boolean, "Follow links named on the command line"};
constexpr Flag kNever{"no-dereference|P", FlagKind::boolean, "Follow no link"};
constexpr Flag kRecursive{"recursive|r", FlagKind::boolean, "Folders with everything in them"};

constexpr Flag kCreateFlags[] = {kParents, {"force|f", FlagKind::boolean, "Replace what is there"}, kGid, kMode,
                                 {"type|t", FlagKind::text, "file, symlink or directory", "file"}, kUid};
constexpr Flag kDeleteFlags[] = {{"force|f", FlagKind::boolean, "Folders with everything in them too"}};
constexpr Flag kMountFlags[] = {{"auth-user", FlagKind::text, "User name for the SSH listener"},
                                {"listen", FlagKind::text, "Serve SFTP over SSH on address:port instead of mounting"},
                                {"no-auth", FlagKind::boolean, "Let anybody use the SSH listener"}};
constexpr Flag kPullFlags[] = {kArchive, kParents, kDereference, kFollow, kNever, kRecursive};
constexpr Flag kPushFlags[] = {kArchive, kParents, kDereference, kFollow, kGid, kMode, kNever, kRecursive, kUid};

constexpr Command kFile[] = {
    {.path = "file", .summary = "Manage files in instances", .options = kHelpGroup},
    {.path = "file create", .usage = "[<remote>:]<instance>/<path> [<symlink target path>]", .summary = "Make a file, folder or link", .run = create, .flags = kCreateFlags},
    {.path = "file delete", .usage = "[<remote>:]<instance>/<path>...", .summary = "Delete files", .run = remove, .flags = kDeleteFlags, .aliases = "rm,remove"},
    {.path = "file edit", .usage = "[<remote>:]<instance>/<path>", .summary = "Edit a file in your editor", .run = edit},
    {.path = "file mount", .usage = "[<remote>:]<instance>[/<path>] [<target path>]", .summary = "Mount an instance's files", .run = mount, .flags = kMountFlags},
    {.path = "file pull", .usage = "[<remote>:]<instance>/<path>... <target path>", .summary = "Copy files from instances", .run = pull, .flags = kPullFlags,
     .examples = "incus file pull c1/etc/hosts .\n    Copy one file here.\n\nincus file pull c1/etc/hosts -\n    Print it.", .options = kRightToLeft},
    {.path = "file push", .usage = "<path>... [<remote>:]<instance>/<target path>", .summary = "Copy files to instances", .run = push, .flags = kPushFlags,
     .examples = "incus file push hosts c1/etc/hosts\n    Copy one file.\n\necho hello | incus file push - c1/root/greeting\n    Write standard input.",
     .options = kRightToLeft},
};

}  // namespace

extern const CommandTable file_commands = kFile;

}  // namespace cli
