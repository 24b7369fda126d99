#include "archive/extract.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <list>
#include <unordered_map>

#include "archive/attributes.h"
#include "base/strings.h"
#include "sys/beneath.h"

namespace archive {

namespace {

/// Keeps the folders of recent members open: an archive goes through them one after the other.
class FolderCache {
 public:
  explicit FolderCache(int root) : root_(root) {}

  Result<int> open(const std::string& folder) {
    if (folder.empty()) return root_;
    if (auto found = open_.find(folder); found != open_.end()) return found->second.get();
    auto fd = sys::open_beneath(root_, folder, O_RDONLY | O_DIRECTORY);
    if (!fd && fd.error().code() == Code::not_found) {
      TRY(create(folder));
      fd = sys::open_beneath(root_, folder, O_RDONLY | O_DIRECTORY);
    }
    if (!fd) return Failure(std::move(fd).error().with_code(Code::invalid).wrap("Archive member leads through something that is not a folder"));
    if (open_.size() >= kMost) {
      open_.erase(order_.front());
      order_.pop_front();
    }
    order_.push_back(folder);
    return open_.emplace(folder, std::move(*fd)).first->second.get();
  }
  void clear() {
    open_.clear();
    order_.clear();
  }

 private:
  static constexpr size_t kMost = 64;
  int root_;
  std::unordered_map<std::string, UniqueFd> open_;
  std::list<std::string> order_;

  /// Folders the archive forgot to name.
  Result<> create(const std::string& folder) {
    for (size_t end = folder.find('/');; end = folder.find('/', end + 1)) {
      std::string part = folder.substr(0, end);
      auto [parent, name] = TRY(sys::open_parent_beneath(root_, part));
      if (mkdirat(parent.get(), name.c_str(), 0755) != 0 && errno != EEXIST) return fail_errno("Cannot create folder " + part);
      if (end == std::string::npos) return {};
    }
  }
};

/// Long runs of zeros become holes: they cost neither space nor the disk's time, of which everybody else wants some too.
constexpr size_t kShortestHole = 4096;
bool is_hole(std::string_view data) {
  return data.size() >= kShortestHole && data[0] == 0 && memcmp(data.data(), data.data() + 1, data.size() - 1) == 0;
}

Result<> write_at(int fd, std::string_view data, int64_t offset) {
  while (!data.empty()) {
    ssize_t put = pwrite(fd, data.data(), data.size(), offset);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail_errno("Failed writing");
    data.remove_prefix(static_cast<size_t>(put));
    offset += put;
  }
  return {};
}

struct LateFolder {
  std::string path;
  mode_t mode;
  timespec mtime;
};

}  // namespace

struct Extractor::Impl {
  int root;
  ExtractOptions options;
  FolderCache folders;
  std::vector<LateFolder> late;
  int64_t entries = 0, bytes = 0;

  Impl(int root_fd, const ExtractOptions& wanted) : root(root_fd), options(wanted), folders(root_fd) {}

  Result<> add(TarReader& tar, const Entry& entry, const std::string& path) {
    TRY(check_limits(path));
    if (path.empty()) {
      if (entry.type != Entry::Type::directory) return fail(Code::invalid, "The archive replaces its own root folder");
      return add_folder(root, ".", entry, path);
    }
    size_t slash = path.rfind('/');
    int parent = TRY(folders.open(slash == std::string::npos ? "" : path.substr(0, slash)));
    std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    switch (entry.type) {
      case Entry::Type::directory: return add_folder(parent, name, entry, path);
      case Entry::Type::file: return add_file(tar, parent, name, entry);
      case Entry::Type::hardlink: return add_hardlink(tar, parent, name, entry);
      case Entry::Type::symlink: return add_symlink(parent, name, entry);
      case Entry::Type::character:
      case Entry::Type::block: return options.devices ? add_node(parent, name, entry) : Result<>();
      case Entry::Type::fifo: return add_node(parent, name, entry);
      case Entry::Type::other: return {};
    }
    return {};
  }

  Result<> check_limits(const std::string& path) {
    const ExtractLimits& limits = options.limits;
    if (++entries > limits.members) return fail(Code::invalid, "The archive has more than {} members", limits.members);
    if (path.size() > limits.path) return fail(Code::invalid, "An archive member's path is longer than {} bytes: {}...", limits.path, quote(path.substr(0, 64)));
    for (size_t begin = 0; begin < path.size();) {
      size_t end = std::min(path.find('/', begin), path.size());
      if (end - begin > limits.name) return fail(Code::invalid, "An archive member's name is longer than {} bytes: {}...", limits.name, quote(path.substr(begin, 64)));
      begin = end + 1;
    }
    return {};
  }

  /// Makes room for a member of that name. A folder stays: replacing it would pull what it holds from under later members.
  Result<> make_room(int parent, const std::string& name) {
    if (unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return {};
    if (errno == EISDIR || errno == EPERM) return fail(Code::invalid, "Archive member {} would replace a folder", quote(name));
    return fail_errno("Cannot replace " + name);
  }

  Result<> add_folder(int parent, const std::string& name, const Entry& entry, const std::string& path) {
    if (name != "." && mkdirat(parent, name.c_str(), 0700) != 0) {
      if (errno != EEXIST) return fail_errno("Cannot create folder " + path);
      struct stat info;
      if (fstatat(parent, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return fail_errno("Cannot look at " + path);
      if (!S_ISDIR(info.st_mode)) return fail(Code::invalid, "Archive member {} would replace a file by a folder", quote(path));
    }
    UniqueFd fd(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) return fail_errno("Cannot open folder " + path);
    if (fchown(fd.get(), entry.uid, entry.gid) != 0) return fail_errno("Cannot set the owner of " + path);
    TRY(set_xattrs(fd.get(), entry.xattrs, path));
    late.push_back({path, entry.mode, entry.mtime});
    return {};
  }

  Result<> write_content(TarReader& tar, int fd, const Entry& entry) {
    int64_t end = 0;
    while (auto block = TRY(tar.read_block())) {
      bytes += static_cast<int64_t>(block->data.size());
      if (bytes > options.limits.bytes) return fail(Code::invalid, "The archive unpacks to more than {} bytes", options.limits.bytes);
      if (is_hole(block->data)) continue;
      TRY_CTX(write_at(fd, block->data, block->offset), "Cannot unpack {}", entry.path);
      end = std::max(end, block->offset + static_cast<int64_t>(block->data.size()));
    }
    if (end < entry.size && ftruncate(fd, entry.size) != 0) return fail_errno("Failed sizing " + entry.path);
    return {};
  }

  Result<> add_file(TarReader& tar, int parent, const std::string& name, const Entry& entry) {
    constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    UniqueFd fd(openat(parent, name.c_str(), kFlags, 0600));
    if (!fd && errno == EEXIST) {
      TRY(make_room(parent, name));
      fd.reset(openat(parent, name.c_str(), kFlags, 0600));
    }
    if (!fd) return fail_errno("Cannot create " + entry.path);
    TRY(write_content(tar, fd.get(), entry));
    return set_attributes(fd.get(), entry);
  }

  /// Owner first: chown(2) clears set-id bits and file capabilities.
  Result<> set_attributes(int fd, const Entry& entry) {
    if ((entry.uid != 0 || entry.gid != 0) && fchown(fd, entry.uid, entry.gid) != 0) return fail_errno("Cannot set the owner of " + entry.path);
    if (fchmod(fd, entry.mode) != 0) return fail_errno("Cannot set the mode of " + entry.path);
    TRY(set_xattrs(fd, entry.xattrs, entry.path));
    timespec times[2] = {entry.mtime, entry.mtime};
    if (futimens(fd, times) != 0) return fail_errno("Cannot set the time of " + entry.path);
    return {};
  }

  Result<> add_hardlink(TarReader& tar, int parent, const std::string& name, const Entry& entry) {
    std::string target = options.place ? options.place(entry.link) : entry.link;
    if (target.empty()) return fail(Code::invalid, "Archive member {} links to {}, which is not unpacked", quote(entry.path), quote(entry.link));
    auto from = sys::open_parent_beneath(root, target);
    if (!from) return Failure(std::move(from).error().with_code(Code::invalid).wrap("Bad hard link target in the archive"));
    TRY(make_room(parent, name));
    if (linkat(from->first.get(), from->second.c_str(), parent, name.c_str(), 0) != 0) {
      return fail(Code::invalid, "Archive member {} links to {}, which can't be linked to", quote(entry.path), quote(entry.link));
    }
    // Some writers repeat the content with each link; it is the same file.
    while (TRY(tar.read_block())) {}
    return {};
  }

  Result<> add_symlink(int parent, const std::string& name, const Entry& entry) {
    if (entry.link.empty()) return fail(Code::invalid, "Archive member {} is a link to nowhere", quote(entry.path));
    TRY(make_room(parent, name));
    if (symlinkat(entry.link.c_str(), parent, name.c_str()) != 0) return fail_errno("Cannot create link " + entry.path);
    return set_link_attributes(parent, name, entry);
  }

  Result<> add_node(int parent, const std::string& name, const Entry& entry) {
    mode_t type = entry.type == Entry::Type::character ? S_IFCHR : entry.type == Entry::Type::block ? S_IFBLK : S_IFIFO;
    TRY(make_room(parent, name));
    if (mknodat(parent, name.c_str(), type | 0600, entry.device) != 0) return fail_errno("Cannot create device node " + entry.path);
    TRY(set_link_attributes(parent, name, entry));
    if (fchmodat(parent, name.c_str(), entry.mode, 0) != 0) return fail_errno("Cannot set the mode of " + entry.path);
    return {};
  }

  /// For what can't be opened: links and nodes.
  Result<> set_link_attributes(int parent, const std::string& name, const Entry& entry) {
    if (fchownat(parent, name.c_str(), entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW) != 0) return fail_errno("Cannot set the owner of " + entry.path);
    if (!entry.xattrs.empty()) TRY(set_link_xattrs(parent, name, entry.xattrs, entry.path));
    timespec times[2] = {entry.mtime, entry.mtime};
    if (utimensat(parent, name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) return fail_errno("Cannot set the time of " + entry.path);
    return {};
  }

  Result<> finish() {
    folders.clear();
    for (auto item = late.rbegin(); item != late.rend(); ++item) {
      UniqueFd fd = TRY(sys::open_beneath(root, item->path.empty() ? "." : item->path, O_RDONLY | O_DIRECTORY));
      timespec times[2] = {item->mtime, item->mtime};
      if (fchmod(fd.get(), item->mode) != 0 || futimens(fd.get(), times) != 0) return fail_errno("Cannot set the mode of folder " + item->path);
    }
    return {};
  }
};

Extractor::Extractor(int root, const ExtractOptions& options) : impl_(std::make_unique<Impl>(root, options)) {}
Extractor::~Extractor() = default;
Result<> Extractor::add(TarReader& tar, const Entry& entry, const std::string& path) { return impl_->add(tar, entry, path); }
Result<> Extractor::finish() { return impl_->finish(); }

Result<> extract(const Context& ctx, TarReader& tar, int root, const ExtractOptions& options) {
  Extractor extractor(root, options);
  while (auto entry = TRY(tar.next())) {
    TRY(ctx.check());
    std::string path = entry->path;
    if (options.place && (path = options.place(path)).empty()) continue;
    TRY(extractor.add(tar, *entry, path));
  }
  return extractor.finish();
}

}  // namespace archive
