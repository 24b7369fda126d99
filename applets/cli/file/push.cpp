// `incus file push`: local files, folders and links into an instance or volume.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "applets/cli/file/commands.h"
#include "applets/cli/file/remote_files.h"
#include "applets/cli/input.h"
#include "applets/cli/progress.h"

namespace cli {
namespace {

namespace fs = std::filesystem;

struct Push {
  Call& call;
  RemoteFiles& files;
  Following flags;
  Ownership forced;
  bool keep_mode = false;  ///< `file edit`: an existing file keeps its owner and mode

  Result<> send_fd(int fd, const std::string& source, const std::string& target, const Ownership& owner) {
    Progress progress(std::format("Pushing {} to {}: {{}}", source, target), call.quiet());
    bool there = keep_mode && files.sftp().stat(target);
    auto sent = files.write_file(target, there ? Ownership{} : owner, fd, [&](uint64_t done) { progress.update(std::format("{}MiB", done >> 20)); });
    progress.done();
    return sent;
  }

  Ownership owner_of(const struct stat& info, bool root) const {
    return {forced.uid >= 0 ? forced.uid : info.st_uid, forced.gid >= 0 ? forced.gid : info.st_gid,
            forced.mode >= 0 && root ? forced.mode : static_cast<int64_t>(info.st_mode & 07777)};
  }

  Result<> send(const std::string& source, const std::string& target, const struct stat& info, bool root) {
    if (S_ISLNK(info.st_mode)) {
      std::error_code error;
      return files.make_link(fs::read_symlink(source, error).string(), target);
    }
    if (S_ISDIR(info.st_mode)) return send_folder(source, target, info, root);
    if (!S_ISREG(info.st_mode)) return fail(Code::invalid, "'{}' isn't a supported file type", source);
    UniqueFd fd(open(source.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return fail_errno("Failed to open source file " + quote(source));
    return send_fd(fd.get(), source, target, owner_of(info, root));
  }

  Result<> send_folder(const std::string& source, const std::string& target, const struct stat& info, bool root) {
    TRY(files.make_folder(target, owner_of(info, root)));
    std::error_code error;
    StringList names;
    for (const auto& entry : fs::directory_iterator(source, error)) names.push_back(entry.path().filename());
    if (error) return fail(Code::internal, "Failed to walk path for {}: {}", source, error.message());
    std::ranges::sort(names);
    for (const std::string& name : names) {
      std::string path = source + "/" + name;
      struct stat next;
      if (flags.dereference ? stat(path.c_str(), &next) : lstat(path.c_str(), &next)) return fail_errno("stat " + path);
      TRY(send(path, target + "/" + name, next, false));
    }
    return {};
  }

  /// As the command line names it: which of a link and its target is meant depends on the flags.
  Result<struct stat> named(const std::string& source) {
    struct stat link, pointed;
    if (lstat(source.c_str(), &link)) return fail_errno("lstat " + source);
    bool reached = stat(source.c_str(), &pointed) == 0;
    bool is_link = S_ISLNK(link.st_mode);
    if (reached && S_ISDIR(pointed.st_mode) && !flags.recursive && !(is_link && flags.never)) {
      return fail(Code::invalid, "--recursive/-r is required when pushing directories");
    }
    bool follow = flags.dereference || (!flags.recursive && !flags.never) || (is_link && flags.follow) || source.ends_with('/');
    if (!follow) return link;
    if (!reached) return fail_errno("stat " + source);
    return pointed;
  }
};

std::string base_name(const std::string& source) {
  std::string name = fs::path(source.ends_with('/') ? source.substr(0, source.find_last_not_of('/') + 1) : source).filename();
  return name == "." || name == ".." ? "" : name;
}

}  // namespace

Result<> push_files(Call& call, const StringList& sources, const FilePlace& target, bool keep_mode) {
  RemoteFiles files = TRY(RemoteFiles::connect(call, target));
  bool plain = !call.flags.known("recursive");  // `file edit` has no such flags
  Push push{call, files, plain ? Following{} : TRY(following_flags(call)), plain ? Ownership{} : TRY(ownership_flags(call)), keep_mode};
  bool make_parents = call.flags.known("create-dirs") && call.flags.on("create-dirs");
  auto there = files.sftp().stat(target.path);
  bool into_folder = target.folder || (there && is_folder(*there));
  if (there && !is_folder(*there) && (sources.size() > 1 || target.folder)) return fail(Code::invalid, "{} is not a directory", target.path);
  if (!there && sources.size() > 1 && !make_parents) return fail(Code::invalid, "Missing target directory");
  into_folder = into_folder || sources.size() > 1;
  Ownership parents{push.forced.uid, push.forced.gid, 0755};
  for (const std::string& source : sources) {
    if (means_stdin(source)) {
      if (sources.size() > 1) return fail(Code::invalid, "stdin can only be used once, with no other source arguments");
      if (into_folder) return fail(Code::invalid, "A target file name must be specified when pushing from stdin; the target is a directory");
      if (make_parents) TRY(files.make_folders(fs::path(target.path).parent_path(), parents));
      TRY(push.send_fd(STDIN_FILENO, source, target.path, push.forced));
      continue;
    }
    struct stat info = TRY(push.named(source));
    bool below = into_folder && (!S_ISDIR(info.st_mode) || there || sources.size() > 1);
    std::string path = below ? clean_path(target.path + "/" + base_name(source)) : target.path;
    if (make_parents) TRY(files.make_folders(fs::path(path).parent_path(), parents));
    TRY(push.send(source, path, info, true));
  }
  return {};
}

}  // namespace cli
