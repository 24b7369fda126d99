// Images of a simplestreams server, as a whole or as the difference to one that is here already.
#include <fcntl.h>
#include <sys/stat.h>

#include "archive/hash.h"
#include "base/log.h"
#include "client/streams.h"
#include "image/remote.h"
#include "sys/spawn.h"

namespace image {

namespace {

using imagefmt::StreamDelta;
using imagefmt::StreamFile;
using imagefmt::StreamImage;

/// Where the bytes come from, and how many there were.
struct Download {
  const client::StreamSource& source;
  const FetchProgress& progress;
  int64_t done = 0, total = 0;

  Result<> file(const Context& ctx, const StreamFile& file, const archive::Sink& sink) {
    return client::fetch_stream_file(ctx, source, file, [&](std::string_view data) -> Result<> {
      done += static_cast<int64_t>(data.size());
      if (progress) progress(done, total);
      return sink(data);
    });
  }
};

// Of the program that applies deltas: they come from the network.
constexpr const char *kMemory = "--as=1073741824", *kTime = "--cpu=600";

/// A delta whose base is here, if there is the program that applies it.
const StreamDelta* usable_delta(const std::string& folder, const StreamImage& item) {
  if (item.deltas.empty() || !sys::find_program("xdelta3")) return nullptr;
  for (const StreamDelta& delta : item.deltas) {
    if (access((folder + "/" + delta.base + ".rootfs").c_str(), R_OK) == 0) return &delta;
  }
  return nullptr;
}

/// Makes the root file from the base's one. What comes out is no more trusted than a download: it has to have the right size and hash.
Result<> apply_delta(const Context& ctx, Download& download, const std::string& folder, const StreamImage& item, const StreamDelta& delta, Build& build) {
  std::string patch = build.scratch_path("delta"), result = build.scratch_path("patched");
  UniqueFd fd(open(patch.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) return fail_errno("Failed to create " + patch);
  download.total = item.metadata.size + delta.file.size;
  TRY(download.file(ctx, delta.file, archive::sink_to_fd(fd.get())));
  TRY(sys::run(ctx, {"prlimit", std::format("--fsize={}", item.rootfs.size), kMemory, kTime, "xdelta3", "-f", "-d", "-s", folder + "/" + delta.base + ".rootfs", patch, result}));
  UniqueFd patched(open(result.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!patched) return fail_errno("Failed to open " + result);
  archive::Hash hash;
  TRY(archive::hash_file(patched.get(), hash));
  if (hash.hex() != item.rootfs.sha256) return fail(Code::invalid, "The delta {} makes something else than what is wanted", quote(delta.file.path));
  std::vector<char> buffer(1 << 20);
  auto source = archive::source_from_file(patched.get());
  TRY(build.open_rootfs());
  while (size_t got = TRY(source(buffer))) TRY(build.write_rootfs({buffer.data(), got}));
  unlink(patch.c_str());
  unlink(result.c_str());
  return {};
}

Result<> fetch(const Context& ctx, const client::StreamSource& source, const std::string& folder, const StreamImage& item, Build& build, const FetchProgress& progress) {
  Download download{source, progress, 0, item.metadata.size + item.rootfs.size};
  TRY(download.file(ctx, item.metadata, build.sink()));
  if (item.rootfs.path.empty()) return {};
  if (const StreamDelta* delta = usable_delta(folder, item)) {
    auto applied = apply_delta(ctx, download, folder, item, *delta, build);
    if (applied || build.split() || ctx.stopped()) return applied;
    log_warn("A delta is of no use: the whole image is fetched", {{"server", source.server}, {"error", applied.error().message()}});
  }
  TRY(build.open_rootfs());
  return download.file(ctx, item.rootfs, build.rootfs_sink());
}

}  // namespace

Result<Remote> find_simplestreams(const Context& ctx, Store& store, const DownloadRequest& request) {
  client::StreamSource source{.server = request.source.server, .cache_folder = store.services().paths.cache + "/simplestreams", .proxy = proxy_of(store)};
  auto catalog = TRY_CTX(client::load_catalog(ctx, source), "Failed to connect to simple streams server {}", quote(source.server));
  auto found = catalog.find(request.source.alias, request.source.image_type.empty() ? "container" : request.source.image_type);
  if (!found && request.source.image_type.empty()) found = catalog.find(request.source.alias, "");
  const StreamImage& item = *TRY(std::move(found));
  Remote remote;
  remote.fingerprint = item.image.fingerprint;
  remote.info = item.image;
  remote.described = true;
  remote.fetch = [source, folder = store.folder(), item](const Context& fetch_ctx, Build& build, const FetchProgress& progress) {
    return fetch(fetch_ctx, source, folder, item, build, progress);
  };
  return remote;
}

}  // namespace image
