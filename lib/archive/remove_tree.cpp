#include "archive/remove_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <cerrno>

#include "archive/folder_queue.h"
#include "base/unique_fd.h"
#include "sys/beneath.h"

namespace archive {

namespace {

/// A folder being emptied. When the last child has gone the folder itself is removed, by whoever drops the last reference.
struct Node {
  std::shared_ptr<Node> parent;
  UniqueFd fd;
  std::string name;
  int base = -1;  ///< the open folder that holds the root node
  std::shared_ptr<Result<>> failure;
  std::shared_ptr<std::mutex> mutex;

  int parent_fd() const { return parent ? parent->fd.get() : base; }
  ~Node() {
    fd.reset();
    if (unlinkat(parent_fd(), name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return;
    int error = errno;
    std::lock_guard lock(*mutex);
    if (*failure) *failure = fail_errno("Cannot remove folder " + name, error);
  }
};

/// Files made immutable or append-only (chattr) inside a volume must not survive its deletion.
void clear_flags(int fd) {
  int flags = 0;
  // SAFETY: both calls take a pointer to an int, whatever their declared size.
  if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 && (flags & (FS_IMMUTABLE_FL | FS_APPEND_FL))) {
    flags &= ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
    ioctl(fd, FS_IOC_SETFLAGS, &flags);
  }
}

Result<> remove_file(const Node& node, const std::string& name) {
  if (unlinkat(node.fd.get(), name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno == EPERM) {
    clear_flags(node.fd.get());
    if (UniqueFd file(openat(node.fd.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)); file) clear_flags(file.get());
    if (unlinkat(node.fd.get(), name.c_str(), 0) == 0) return {};
  }
  return fail_errno("Cannot remove " + name);
}

Result<> empty(FolderQueue<std::shared_ptr<Node>>& queue, std::shared_ptr<Node>& node) {
  node->fd.reset(openat(node->parent_fd(), node->name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!node->fd) return errno == ENOENT ? Result<>() : fail_errno("Cannot open folder " + node->name);
  for (FolderEntry& entry : TRY(read_folder(node->fd.get()))) {
    bool folder = entry.type == DT_DIR;
    if (entry.type == DT_UNKNOWN) {
      struct stat info;
      folder = fstatat(node->fd.get(), entry.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode);
    }
    if (!folder) {
      TRY(remove_file(*node, entry.name));
      continue;
    }
    auto child = std::make_shared<Node>();
    child->parent = node;
    child->name = std::move(entry.name);
    child->failure = node->failure;
    child->mutex = node->mutex;
    queue.push(std::move(child));
  }
  return {};
}

}  // namespace

Result<> remove_tree(const Context& ctx, int parent, const std::string& name, int threads) {
  auto failure = std::make_shared<Result<>>();
  FolderQueue<std::shared_ptr<Node>> queue;
  auto root = std::make_shared<Node>();
  root->base = parent;
  root->name = name;
  root->failure = failure;
  root->mutex = std::make_shared<std::mutex>();
  queue.push(std::move(root));
  TRY(queue.run(ctx, threads, [&](std::shared_ptr<Node>& node) { return empty(queue, node); }));
  return *failure;
}

Result<> remove_tree(const Context& ctx, const std::string& path, int threads) {
  struct stat info;
  if (lstat(path.c_str(), &info) != 0) return errno == ENOENT ? Result<>() : fail_errno("Cannot look at " + path);
  if (!S_ISDIR(info.st_mode)) return unlink(path.c_str()) == 0 ? Result<>() : fail_errno("Cannot remove " + path);
  size_t slash = path.rfind('/');
  UniqueFd parent = TRY(sys::open_directory(slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash)));
  return remove_tree(ctx, parent.get(), path.substr(slash == std::string::npos ? 0 : slash + 1), threads);
}

}  // namespace archive
