#include "archive/copy_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <map>

#include "archive/attributes.h"
#include "archive/folder_queue.h"
#include "base/unique_fd.h"
#include "sys/beneath.h"

namespace archive {

namespace {

/// A pair of open folders; children keep their parent open until they are opened themselves.
struct Pair {
  UniqueFd source, target;
  std::string path;  ///< in the tree, for messages and for the folders' times at the end
};

struct Item {
  std::shared_ptr<Pair> parent;
  std::string name;
};

struct FolderTime {
  std::string path;
  timespec times[2];
};

class Copier {
 public:
  Copier(const Context& ctx, const CopyOptions& options, int target) : ctx_(ctx), options_(options), target_(target) {}

  Result<> run(int source) {
    auto root = std::make_shared<Pair>();
    root->source.reset(fcntl(source, F_DUPFD_CLOEXEC, 3));
    root->target.reset(fcntl(target_, F_DUPFD_CLOEXEC, 3));
    struct stat info;
    if (fstat(source, &info) != 0) return fail_errno("Cannot look at the folder to copy");
    device_ = info.st_dev;
    TRY(finish_folder(*root, info));
    TRY(copy_folder(root));
    TRY(queue_.run(ctx_, options_.threads, [this](Item& item) { return enter(item); }));
    return set_times();
  }

 private:
  const Context& ctx_;
  const CopyOptions& options_;
  int target_;
  dev_t device_ = 0;
  FolderQueue<Item> queue_;
  std::mutex mutex_;
  std::map<ino_t, std::string> links_;  ///< where the first copy of a file with several names is
  std::vector<FolderTime> times_;
  std::atomic<int64_t> bytes_ = 0;

  static bool gone() { return errno == ENOENT; }
  static std::string join_path(const std::string& path, const std::string& name) { return path.empty() ? name : path + "/" + name; }

  Result<> enter(Item& item) {
    auto pair = std::make_shared<Pair>();
    pair->path = join_path(item.parent->path, item.name);
    constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    pair->source.reset(openat(item.parent->source.get(), item.name.c_str(), kFlags));
    if (!pair->source) return gone() || errno == ENOTDIR ? Result<>() : fail_errno("Cannot open " + pair->path);
    if (mkdirat(item.parent->target.get(), item.name.c_str(), 0700) != 0) return fail_errno("Cannot create " + pair->path);
    pair->target.reset(openat(item.parent->target.get(), item.name.c_str(), kFlags));
    if (!pair->target) return fail_errno("Cannot open the copy of " + pair->path);
    item.parent.reset();
    struct stat info;
    if (fstat(pair->source.get(), &info) != 0) return fail_errno("Cannot look at " + pair->path);
    TRY(finish_folder(*pair, info));
    if (info.st_dev != device_) return {};
    return copy_folder(pair);
  }

  Result<> finish_folder(const Pair& pair, const struct stat& info) {
    TRY(set_attributes(pair.source.get(), pair.target.get(), info, pair.path));
    std::lock_guard lock(mutex_);
    times_.push_back({pair.path, {info.st_atim, info.st_mtim}});
    return {};
  }

  Result<> copy_folder(const std::shared_ptr<Pair>& pair) {
    for (FolderEntry& entry : TRY(read_folder(pair->source.get()))) {
      if (entry.type == DT_DIR) queue_.push({pair, std::move(entry.name)});
      else if (entry.type == DT_REG) TRY(copy_file(pair, entry.name));
      else TRY(copy_other(pair, entry.name));
    }
    return {};
  }

  /// Owner, mode, attributes; the order matters: chown(2) clears set-id bits and capabilities.
  Result<> set_attributes(int source, int target, const struct stat& info, const std::string& path) {
    if ((info.st_uid != 0 || info.st_gid != 0) && fchown(target, info.st_uid, info.st_gid) != 0) return fail_errno("Cannot set the owner of " + path);
    if (fchmod(target, info.st_mode & 07777) != 0) return fail_errno("Cannot set the mode of " + path);
    return set_xattrs(target, TRY(get_xattrs(source)), path);
  }

  Result<> copy_file(const std::shared_ptr<Pair>& pair, const std::string& name) {
    UniqueFd source(openat(pair->source.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    if (!source) return gone() ? Result<>() : fail_errno("Cannot open " + join_path(pair->path, name));
    struct stat info;
    if (fstat(source.get(), &info) != 0) return fail_errno("Cannot look at " + name);
    UniqueFd target;
    if (info.st_nlink > 1) {
      std::lock_guard lock(mutex_);
      if (auto found = links_.find(info.st_ino); found != links_.end()) return link_to(found->second, pair, name);
      target = TRY(create(pair, name));
      links_.emplace(info.st_ino, join_path(pair->path, name));
    } else {
      target = TRY(create(pair, name));
    }
    bool sparse = info.st_blocks * 512 < info.st_size;
    TRY_CTX(copy_content(ctx_, source.get(), target.get(), info.st_size, sparse), "Cannot copy {}", join_path(pair->path, name));
    TRY(set_attributes(source.get(), target.get(), info, name));
    timespec times[2] = {info.st_atim, info.st_mtim};
    if (futimens(target.get(), times) != 0) return fail_errno("Cannot set the time of " + name);
    int64_t total = bytes_ += info.st_size;
    if (options_.progress) options_.progress(total);
    return {};
  }

  Result<UniqueFd> create(const std::shared_ptr<Pair>& pair, const std::string& name) {
    UniqueFd fd(openat(pair->target.get(), name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) return fail_errno("Cannot create " + join_path(pair->path, name));
    return fd;
  }

  /// The copy is ours alone while it is made, so a plain path in it is safe.
  Result<> link_to(const std::string& first, const std::shared_ptr<Pair>& pair, const std::string& name) {
    if (linkat(target_, first.c_str(), pair->target.get(), name.c_str(), 0) != 0) {
      return fail_errno("Cannot link " + join_path(pair->path, name));
    }
    return {};
  }

  /// Links, nodes, pipes and sockets; what the directory listing left open is decided here too.
  Result<> copy_other(const std::shared_ptr<Pair>& pair, const std::string& name) {
    struct stat info;
    int source = pair->source.get();
    if (fstatat(source, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return gone() ? Result<>() : fail_errno("Cannot look at " + name);
    if (S_ISDIR(info.st_mode)) return queue_.push({pair, name}), Result<>();
    if (S_ISREG(info.st_mode)) return copy_file(pair, name);
    if (info.st_nlink > 1) {
      std::lock_guard lock(mutex_);
      if (auto found = links_.find(info.st_ino); found != links_.end()) return link_to(found->second, pair, name);
      links_.emplace(info.st_ino, join_path(pair->path, name));
      return make_other(pair, name, info);
    }
    return make_other(pair, name, info);
  }

  Result<> make_other(const std::shared_ptr<Pair>& pair, const std::string& name, const struct stat& info) {
    int source = pair->source.get(), target = pair->target.get();
    std::string path = join_path(pair->path, name);
    if (S_ISLNK(info.st_mode)) {
      char link[PATH_MAX];
      ssize_t size = readlinkat(source, name.c_str(), link, sizeof link - 1);
      if (size < 0) return gone() ? Result<>() : fail_errno("Cannot read link " + path);
      link[size] = '\0';
      if (symlinkat(link, target, name.c_str()) != 0) return fail_errno("Cannot create link " + path);
    } else if (mknodat(target, name.c_str(), (info.st_mode & S_IFMT) | 0600, info.st_rdev) != 0) {
      return fail_errno("Cannot create node " + path);
    }
    if (fchownat(target, name.c_str(), info.st_uid, info.st_gid, AT_SYMLINK_NOFOLLOW) != 0) return fail_errno("Cannot set the owner of " + path);
    if (!S_ISLNK(info.st_mode) && fchmodat(target, name.c_str(), info.st_mode & 07777, 0) != 0) return fail_errno("Cannot set the mode of " + path);
    TRY(set_link_xattrs(target, name, TRY(get_link_xattrs(source, name)), path));
    timespec times[2] = {info.st_atim, info.st_mtim};
    if (utimensat(target, name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) return fail_errno("Cannot set the time of " + path);
    return {};
  }

  /// Folders' times come last: creating what is in them changed them.
  Result<> set_times() {
    for (const FolderTime& item : times_) {
      UniqueFd fd = TRY(sys::open_beneath(target_, item.path.empty() ? "." : item.path, O_RDONLY | O_DIRECTORY));
      if (futimens(fd.get(), item.times) != 0) return fail_errno("Cannot set the time of folder " + item.path);
    }
    return {};
  }
};

}  // namespace

Result<> copy_tree(const Context& ctx, int source, int target, const CopyOptions& options) {
  return Copier(ctx, options, target).run(source);
}

Result<> copy_tree(const Context& ctx, const std::string& source, const std::string& target, const CopyOptions& options) {
  UniqueFd from = TRY(sys::open_directory(source));
  if (mkdir(target.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno("Cannot create folder " + target);
  UniqueFd to = TRY(sys::open_directory(target));
  return copy_tree(ctx, from.get(), to.get(), options);
}

}  // namespace archive
