#include "oci/layer_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "archive/hash.h"
#include "base/write_all.h"

namespace oci {

namespace {

constexpr const char* kPart = ".part";
/// How often one call takes up a connection that broke; each time something must have arrived since.
constexpr int kMaxBreaks = 5;

int64_t size_of(int fd) {
  struct stat info;
  return fstat(fd, &info) == 0 ? info.st_size : 0;
}

/// Waits for whoever downloads the same layer.
Result<> lock_file(const Context& ctx, int fd) {
  while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return fail_errno("Failed locking a layer");
    TRY(ctx.sleep(milliseconds(50)));
  }
  return {};
}

/// A layer that is there, marked as used now.
UniqueFd open_known(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd) futimens(fd.get(), nullptr);
  return fd;
}

/// What one attempt at a download writes to: a file that never grows beyond the layer's size.
struct Arriving {
  int fd;
  int64_t size, done;
  const Arrived& arrived;

  Result<> restart() {
    if (ftruncate(fd, 0) != 0) return fail_errno("Failed truncating a layer");
    if (arrived) arrived(-done);
    done = 0;
    return {};
  }
  Result<> write(std::string_view data) {
    auto count = static_cast<int64_t>(data.size());
    if (done + count > size) return fail(Code::invalid, "The registry sent more than the {} bytes of the layer", size);
    if (!pwrite_all(fd, data, done)) return fail_errno("Failed writing a layer");
    done += count;
    if (arrived) arrived(count);
    return {};
  }
};

}  // namespace

Result<> LayerCache::download(const Context& ctx, Registry& registry, const std::string& repository, const Descriptor& layer, int part, const Arrived& arrived) {
  Arriving to{part, layer.size, std::min(size_of(part), layer.size), arrived};
  if (arrived) arrived(to.done);
  for (int breaks = 0; to.done < layer.size;) {
    int64_t before = to.done;
    auto done = registry.blob(ctx, repository, layer, to.done, [&] { return to.restart(); }, [&](std::string_view data) { return to.write(data); });
    if (done && to.done == before) return fail(Code::invalid, "The registry sent less than the {} bytes of the layer", layer.size);
    if (done) continue;
    bool may_go_on = to.done > before && ++breaks < kMaxBreaks && done.error().code() != Code::invalid && ctx.check();
    if (!may_go_on) return done;
  }
  archive::Hash hash;
  TRY(archive::hash_file(part, hash));
  std::string digest = "sha256:" + hash.hex();
  if (digest == layer.digest) return {};
  (void)ftruncate(part, 0);  // nothing of this can be continued
  return fail(Code::invalid, "Layer {} arrived damaged: its digest is {}", layer.digest, digest);
}

Result<UniqueFd> LayerCache::fetch(const Context& ctx, Registry& registry, const std::string& repository, const Descriptor& layer, const Arrived& arrived) {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) return fail_errno("Failed creating " + folder_, error.value());
  std::string path = folder_ + "/" + digest_hex(layer.digest), part_path = path + kPart;
  for (;;) {
    if (UniqueFd known = open_known(path); known && size_of(known.get()) == layer.size) {
      if (arrived) arrived(layer.size);
      return known;
    }
    UniqueFd part(open(part_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!part) return fail_errno("Failed creating " + part_path);
    TRY(lock_file(ctx, part.get()));
    // Whoever held the lock may have finished it, or it was deleted.
    struct stat held, named;
    bool same = fstat(part.get(), &held) == 0 && stat(part_path.c_str(), &named) == 0 && held.st_ino == named.st_ino;
    if (!same) continue;
    TRY(download(ctx, registry, repository, layer, part.get(), arrived));
    if (rename(part_path.c_str(), path.c_str()) != 0) return fail_errno("Failed storing a layer");
    return part;
  }
}

void LayerCache::trim(Timestamp oldest, int64_t most) {
  struct File {
    std::string path;
    int64_t size, used;
  };
  std::vector<File> files;
  std::error_code error;
  for (const auto& item : std::filesystem::directory_iterator(folder_, error)) {
    struct stat info;
    if (lstat(item.path().c_str(), &info) == 0 && S_ISREG(info.st_mode)) files.push_back({item.path(), info.st_size, info.st_mtim.tv_sec});
  }
  std::ranges::sort(files, std::ranges::greater(), &File::used);
  int64_t kept = 0;
  for (const File& file : files) {
    kept += file.size;
    if (file.used < oldest.seconds || kept > most) unlink(file.path.c_str());
  }
}

}  // namespace oci
