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
#include "archive/pace.h"
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

/// What a folder gets when everything in it is there: files made in it would change its times and inherit its default ACL.
struct FolderEnd {
  std::string path;
  timespec times[2];
  Xattrs attributes;
};
constexpr std::string_view kDefaultAcl = "system.posix_acl_default";

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
    return finish_folders();
  }

 private:
  const Context& ctx_;
  const CopyOptions& options_;
  int target_;
  dev_t device_ = 0;
  FolderQueue<Item> queue_;
  std::mutex mutex_;
  std::map<ino_t, std::string> links_;  ///< where the first copy of a file with several names is
  std::vector<FolderEnd> ends_;
  std::atomic<int64_t> bytes_ = 0;
  std::atomic<bool> may_share_ = true;
  Pace pace_{options_.usual_cost};
  static constexpr int kMostPlaces = 8;
  Place place_;
  int places_ = 0, passed_ = 0;

  static bool gone() { return errno == ENOENT; }
  static std::string join_path(const std::string& path, const std::string& name) { return path.empty() ? name : path + "/" + name; }

  Result<> enter(Item& item) {
    auto pair = std::make_shared<Pair>();
    pair->path = join_path(item.parent->path, item.name);
    constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    pair->source.reset(openat(item.parent->source.get(), item.name.c_str(), kFlags));
    if (!pair->source) return gone() || errno == ENOTDIR ? Result<>() : fail_errno("Cannot open " + pair->path);
    if (make_folder(item.parent->target.get(), item.name) != 0) return fail_errno("Cannot create " + pair->path);
    pair->target.reset(openat(item.parent->target.get(), item.name.c_str(), kFlags));
    if (!pair->target) return fail_errno("Cannot open the copy of " + pair->path);
    item.parent.reset();
    struct stat info;
    if (fstat(pair->source.get(), &info) != 0) return fail_errno("Cannot look at " + pair->path);
    TRY(finish_folder(*pair, info));
    if (info.st_dev != device_) return {};
    return copy_folder(pair);
  }

  /// Like mkdirat(2), but in a better place where one had to be found.
  int make_folder(int parent, const std::string& name) {
    Place place;
    std::string passing;
    {
      std::lock_guard lock(mutex_);
      if (options_.better_place && places_ < kMostPlaces && pace_.slow()) {
        ++places_;
        if (auto found = options_.better_place()) place_ = std::move(*found);
      }
      place = place_;
      if (place) passing = std::to_string(++passed_);
    }
    if (!place) return mkdirat(parent, name.c_str(), 0700);
    if (mkdirat(place->get(), passing.c_str(), 0700) != 0) return -1;
    return renameat(place->get(), passing.c_str(), parent, name.c_str());
  }

  Result<> finish_folder(const Pair& pair, const struct stat& info) {
    Xattrs attributes = TRY(get_xattrs(pair.source.get())), late;
    std::erase_if(attributes, [&](auto& item) { return item.first == kDefaultAcl ? (late.push_back(std::move(item)), true) : false; });
    TRY(set_attributes(pair.target.get(), info, attributes, pair.path, true));
    std::lock_guard lock(mutex_);
    ends_.push_back({pair.path, {info.st_atim, info.st_mtim}, std::move(late)});
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

  /// Bits that a new file may lack though it was made with them: those the umask takes, and set-id and sticky.
  static constexpr mode_t kUnsureBits = 07022;

  /// Owner, mode, attributes; the order matters: chown(2) clears set-id bits and capabilities.
  static Result<> set_attributes(int target, const struct stat& info, const Xattrs& attributes, const std::string& path, bool folder) {
    if ((info.st_uid != 0 || info.st_gid != 0) && fchown(target, info.st_uid, info.st_gid) != 0) return fail_errno("Cannot set the owner of " + path);
    if ((folder || info.st_mode & kUnsureBits) && fchmod(target, info.st_mode & 07777) != 0) return fail_errno("Cannot set the mode of " + path);
    return set_xattrs(target, attributes, path);
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
      target = TRY(create(pair, name, info.st_mode));
      links_.emplace(info.st_ino, join_path(pair->path, name));
    } else {
      target = TRY(create(pair, name, info.st_mode));
    }
    bool sparse = info.st_blocks * 512 < info.st_size;
    TRY_CTX(copy_content(ctx_, source.get(), target.get(), info.st_size, sparse, &may_share_), "Cannot copy {}", join_path(pair->path, name));
    TRY(set_attributes(target.get(), info, TRY(get_xattrs(source.get())), name, false));
    timespec times[2] = {info.st_atim, info.st_mtim};
    if (futimens(target.get(), times) != 0) return fail_errno("Cannot set the time of " + name);
    int64_t total = bytes_ += info.st_size;
    if (options_.progress) options_.progress(total);
    return {};
  }

  /// Files have their modes from the start: whoever gets at the copy while it is made gets at the source, too.
  Result<UniqueFd> create(const std::shared_ptr<Pair>& pair, const std::string& name, mode_t mode) {
    int64_t began = thread_time();
    UniqueFd fd(openat(pair->target.get(), name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode & 0777 & ~kUnsureBits));
    pace_.record(thread_time() - began);
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

  Result<> finish_folders() {
    for (const FolderEnd& item : ends_) {
      UniqueFd fd = TRY(sys::open_beneath(target_, item.path.empty() ? "." : item.path, O_RDONLY | O_DIRECTORY));
      TRY(set_xattrs(fd.get(), item.attributes, item.path));
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
