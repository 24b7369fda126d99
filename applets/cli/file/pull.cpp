// `incus file pull`: files of an instance or volume, folders and links to this machine. What comes is not trusted: names are single path parts.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "applets/cli/file/commands.h"
#include "applets/cli/file/remote_files.h"
#include "applets/cli/input.h"
#include "applets/cli/progress.h"

namespace cli {
namespace {

namespace fs = std::filesystem;

struct Pull {
  Call& call;
  RemoteFiles& files;
  Following flags;

  Result<> receive_fd(const std::string& source, const std::string& shown, int fd) {
    Progress progress(std::format("Pulling {} from {}: {{}}", shown, source), call.quiet() || fd == STDOUT_FILENO);
    std::string handle = TRY(files.sftp().open(source, sys::sftp::kOpenRead));
    uint64_t done = 0;
    auto received = files.sftp().read_all(handle, [&](std::string_view piece) {
      done += piece.size();
      progress.update(std::format("{}MiB", done >> 20));
      return client::sink_fd(fd)(piece);
    });
    progress.done();
    TRY(files.sftp().close(handle));
    return received;
  }

  Result<> receive(const std::string& source, const std::string& target, const sys::sftp::Attributes& info) {
    if (is_link(info)) {
      std::string points = TRY(files.sftp().read_link(source));
      if (symlink(points.c_str(), target.c_str())) return fail_errno("symlink " + target);
      return {};
    }
    if (is_folder(info)) return receive_folder(source, target, info);
    if (!S_ISREG(info.mode)) return fail(Code::invalid, "Unknown file type of {}", quote(source));
    UniqueFd fd(open(target.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!fd) return fail_errno("open " + target);
    TRY(receive_fd(source, target, fd.get()));
    fchmod(fd.get(), info.mode & 0777);
    return {};
  }

  Result<> receive_folder(const std::string& source, const std::string& target, const sys::sftp::Attributes& info) {
    if (mkdir(target.c_str(), 0700 | (info.mode & 0777)) && (errno != EEXIST || !fs::is_directory(target))) return fail_errno("mkdir " + target);
    for (const sys::sftp::Entry& entry : TRY(files.sftp().list(source))) {
      if (entry.name.empty() || entry.name.contains('/') || entry.name == "." || entry.name == "..") {
        return fail(Code::invalid, "The server sent an impossible file name {}", quote(entry.name));
      }
      std::string path = clean_path(source + "/" + entry.name);
      auto next = flags.dereference ? TRY(files.sftp().stat(path)) : TRY(files.sftp().lstat(path));
      TRY(receive(path, target + "/" + entry.name, next));
    }
    return {};
  }

  /// As the command line names it (see Push::named).
  Result<sys::sftp::Attributes> named(const FilePlace& source) {
    auto link = TRY(files.lstat(source.path));
    auto pointed = is_link(link) ? files.sftp().stat(source.path) : Result<sys::sftp::Attributes>(link);
    if (pointed && source.folder && !is_folder(*pointed)) return fail(Code::invalid, "{} is not a directory", source.path);
    if (pointed && is_folder(*pointed) && !flags.recursive && !(is_link(link) && flags.never)) {
      return fail(Code::invalid, "--recursive/-r is required when pulling directories");
    }
    bool follow = flags.dereference || (!flags.recursive && !flags.never) || (is_link(link) && flags.follow) || source.folder;
    return follow ? pointed : link;
  }
};

/// Decides whether `target` is a folder to put things in, and makes it where it must be one.
Result<bool> prepare_target(Call& call, const std::string& target, size_t sources) {
  if (means_stdout(target)) return false;
  std::error_code error;
  if (fs::exists(target)) {
    bool folder = fs::is_directory(target);
    if (!folder && sources > 1) return fail(Code::invalid, "More than one file to download, but target is not a directory");
    return folder;
  }
  if (target.ends_with('/') || sources > 1) {
    fs::create_directories(target, error);
    if (error) return fail(Code::internal, "Failed creating {}: {}", quote(target), error.message());
    return true;
  }
  bool parents = call.flags.known("create-dirs") && call.flags.on("create-dirs");
  if (parents && fs::path(target).has_parent_path()) fs::create_directories(fs::path(target).parent_path(), error);
  return false;
}

}  // namespace

Result<> pull_files(Call& call, const std::vector<FilePlace>& sources, const std::string& target) {
  bool plain = !call.flags.known("recursive");
  Following flags = plain ? Following{} : TRY(following_flags(call));
  if (means_stdout(target) && flags.never && !plain) {
    return fail(Code::invalid, "--no-dereference/-P cannot be used together with stdout as a target");
  }
  bool existed = fs::exists(target);
  bool into_folder = TRY(prepare_target(call, target, sources.size()));
  std::string problems;
  for (const FilePlace& source : sources) {  // one that fails doesn't keep the others from coming
    auto pulled = [&]() -> Result<> {
      RemoteFiles files = TRY(RemoteFiles::connect(call, source));
      Pull pull{call, files, flags};
      auto info = TRY(pull.named(source));
      if (means_stdout(target)) return pull.receive_fd(source.path, target, STDOUT_FILENO);
      bool below = is_folder(info) ? existed || sources.size() > 1 : into_folder;
      std::string name = is_folder(info) ? source.name : fs::path(source.path).filename().string();
      return pull.receive(source.path, below && !name.empty() ? (fs::path(target) / name).string() : target, info);
    }();
    if (!pulled) problems += (problems.empty() ? "" : "\n") + pulled.error().message();
  }
  if (!problems.empty()) return fail(Code::internal, "{}", problems);
  return {};
}

}  // namespace cli
