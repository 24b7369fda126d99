// A directory tree into a tar: walking it safely, keeping hard links and holes.
#include <dirent.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "archive/attributes.h"
#include "archive/folder_queue.h"
#include "archive/tar_writer.h"
#include "base/unique_fd.h"

namespace archive {

namespace {

class Walker {
 public:
  Walker(const Context& ctx, TarWriter& out, const std::string& prefix, const TarWriter::TreeOptions& options)
      : ctx_(ctx), out_(out), prefix_(prefix), options_(options) {}

  Result<> run(int dir) {
    struct stat info;
    if (fstat(dir, &info) != 0) return fail_errno("Cannot look at the folder");
    device_ = info.st_dev;
    return folder(dir, "", info);
  }

 private:
  const Context& ctx_;
  TarWriter& out_;
  const std::string& prefix_;
  const TarWriter::TreeOptions& options_;
  dev_t device_ = 0;
  int64_t bytes_ = 0;
  std::map<ino_t, std::string> links_;

  std::string member(const std::string& path) const {
    if (path.empty()) return prefix_;
    return prefix_.empty() ? path : prefix_ + "/" + path;
  }

  Entry entry_of(const std::string& path, const struct stat& info) const {
    Entry entry;
    entry.path = member(path);
    entry.mode = info.st_mode & 07777;
    entry.uid = info.st_uid;
    entry.gid = info.st_gid;
    entry.size = info.st_size;
    entry.mtime = info.st_mtim;
    entry.device = info.st_rdev;
    return entry;
  }

  Result<> folder(int dir, const std::string& path, const struct stat& info) {
    TRY(ctx_.check());
    if (!member(path).empty()) {
      Entry entry = entry_of(path, info);
      entry.type = Entry::Type::directory;
      entry.xattrs = TRY(get_xattrs(dir));
      TRY(out_.add(entry));
    }
    if (info.st_dev != device_) return {};
    std::vector<FolderEntry> names = TRY(read_folder(dir));
    // Sorted, so that the same tree gives the same archive.
    std::ranges::sort(names, {}, &FolderEntry::name);
    for (const FolderEntry& item : names) {
      std::string child = path.empty() ? item.name : path + "/" + item.name;
      if (options_.skip && options_.skip(child)) continue;
      TRY(add(dir, item.name, child));
    }
    return {};
  }

  Result<> add(int dir, const std::string& name, const std::string& path) {
    struct stat info;
    if (fstatat(dir, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return errno == ENOENT ? Result<>() : fail_errno("Cannot look at " + path);
    if (S_ISSOCK(info.st_mode)) return {};
    if (S_ISDIR(info.st_mode)) {
      UniqueFd fd(openat(dir, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!fd) return errno == ENOENT ? Result<>() : fail_errno("Cannot open " + path);
      return folder(fd.get(), path, info);
    }
    if (info.st_nlink > 1) {
      auto [first, added] = links_.emplace(info.st_ino, member(path));
      if (!added) {
        Entry entry = entry_of(path, info);
        entry.type = Entry::Type::hardlink;
        entry.link = first->second;
        return out_.add(entry);
      }
    }
    return S_ISREG(info.st_mode) ? file(dir, name, path) : other(dir, name, path, info);
  }

  Result<> file(int dir, const std::string& name, const std::string& path) {
    UniqueFd fd(openat(dir, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!fd) return errno == ENOENT ? Result<>() : fail_errno("Cannot open " + path);
    struct stat info;
    if (fstat(fd.get(), &info) != 0) return fail_errno("Cannot look at " + path);
    Entry entry = entry_of(path, info);
    entry.xattrs = TRY(get_xattrs(fd.get()));
    TRY(out_.add_file(ctx_, entry, fd.get(), info.st_blocks * 512 < info.st_size));
    bytes_ += info.st_size;
    if (options_.progress) options_.progress(bytes_);
    return {};
  }

  Result<> other(int dir, const std::string& name, const std::string& path, const struct stat& info) {
    Entry entry = entry_of(path, info);
    entry.xattrs = TRY(get_link_xattrs(dir, name));
    if (S_ISLNK(info.st_mode)) {
      char link[PATH_MAX];
      ssize_t size = readlinkat(dir, name.c_str(), link, sizeof link);
      if (size < 0) return errno == ENOENT ? Result<>() : fail_errno("Cannot read link " + path);
      entry.type = Entry::Type::symlink;
      entry.link.assign(link, static_cast<size_t>(size));
    } else {
      entry.type = S_ISCHR(info.st_mode) ? Entry::Type::character : S_ISBLK(info.st_mode) ? Entry::Type::block : Entry::Type::fifo;
    }
    return out_.add(entry);
  }
};

}  // namespace

Result<> TarWriter::add_tree(const Context& ctx, int dir, const std::string& prefix, const TreeOptions& options) {
  return Walker(ctx, *this, prefix, options).run(dir);
}

}  // namespace archive
