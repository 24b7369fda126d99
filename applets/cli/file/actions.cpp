// create, delete and edit of remote files.
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "applets/cli/editor.h"
#include "applets/cli/file/commands.h"

namespace cli {

namespace fs = std::filesystem;

Result<> create_file(Call& call, const FilePlace& target, const Arg& link) {
  std::string type = target.folder ? "directory" : call.flags.text("type");
  if (type != "file" && type != "symlink" && type != "directory") return fail(Code::invalid, "Invalid type {}", quote(type));
  if (!link.skipped && type != "symlink") return fail(Code::invalid, "Symlink target path can only be used for type \"symlink\"");
  RemoteFiles files = TRY(RemoteFiles::connect(call, target));
  Ownership owner = TRY(ownership_flags(call));
  owner.uid = std::max<int64_t>(owner.uid, 0);
  owner.gid = std::max<int64_t>(owner.gid, 0);
  if (call.flags.on("create-dirs")) TRY(files.make_folders(fs::path(target.path).parent_path(), {owner.uid, owner.gid, -1}));
  if (type == "symlink") return files.make_link(fs::path(link.text).lexically_normal(), target.path);
  if (owner.mode < 0) owner.mode = type == "directory" ? 0755 : 0644;
  if (type == "directory") return files.make_folder(target.path, owner);
  return files.write_file(target.path, owner, -1, nullptr);
}

Result<> delete_file(Call& call, const FilePlace& target) {
  RemoteFiles files = TRY(RemoteFiles::connect(call, target));
  if (call.flags.on("force")) return files.sftp().remove_tree(target.path);
  if (is_folder(TRY_CTX(files.lstat(target.path), "remove {}", target.path))) return files.sftp().remove_folder(target.path);
  return files.sftp().remove(target.path);
}

Result<> edit_remote_file(Call& call, const FilePlace& target) {
  if (!stdin_is_terminal()) return push_files(call, {"-"}, target, true);
  std::string path = (fs::temp_directory_path() / "incus_file_edit_XXXXXX").string();
  UniqueFd fd(mkstemp(path.data()));
  if (!fd) return fail_errno("Unable to create a temporary file");
  auto edited = [&]() -> Result<> {
    TRY(pull_files(call, {target}, path));
    TRY(edit_file(path));
    return push_files(call, {path}, target, true);
  }();
  unlink(path.c_str());
  return edited;
}

}  // namespace cli
