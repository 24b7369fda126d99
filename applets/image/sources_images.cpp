#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <print>

#include "api/architecture.h"
#include "api/yaml.h"
#include "applets/image/exported.h"
#include "applets/image/sources.h"
#include "archive/extract.h"
#include "archive/stream.h"
#include "archive/tar_reader.h"
#include "base/encode.h"
#include "base/reverter.h"
#include "client/download.h"
#include "oci/image.h"
#include "sys/beneath.h"
#include "sys/spawn.h"
#include "sys/unnamed_file.h"

namespace builder {

namespace {

Result<> client(const Context& ctx, StringList words) {
  TRY(sys::run(ctx, sys::self_spec("incus", std::move(words))));
  return {};
}

/// An exported image's root file system: its own file, or what is below rootfs/ in the only one.
Result<> unpack_exported(const Context& ctx, const imagefmt::Files& files, const Tree& tree) {
  UniqueFd fd(open((files.rootfs.empty() ? files.metadata : files.rootfs).c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno("Cannot read the exported image");
  if (!files.rootfs.empty()) return unpack_file(ctx, fd.get(), tree);
  auto tar = TRY(archive::TarReader::open(archive::source_from_fd(fd.get())));
  UniqueFd root = TRY(sys::open_directory(tree.root));
  archive::ExtractOptions options;
  options.place = [](const std::string& path) { return path.starts_with("rootfs/") && !path.starts_with("rootfs/dev/") ? path.substr(7) : std::string(); };
  return archive::extract(ctx, *tar, root.get(), options);
}

/// The server and the rest of "docker.io/library/debian:13".
Result<std::pair<oci::RegistryUrl, std::string>> parse_image(const std::string& url) {
  size_t scheme = url.find("://"), start = scheme == url.npos ? 0 : scheme + 3, slash = url.find('/', start);
  if (slash == url.npos) return fail(Code::invalid, "source.url: {} is not an image of a registry, like docker.io/library/debian", quote(url));
  std::string server = (scheme == url.npos ? "https://" : "") + url.substr(0, slash);
  return std::pair{TRY(oci::parse_registry(server)), url.substr(slash + 1)};
}

}  // namespace

Result<> from_registry(const Context& ctx, const Definition& definition, const Tree& tree) {
  auto [server, image] = TRY(parse_image(TRY(definition.render(get_or(definition.source, "url")))));
  oci::Registry registry(std::move(server), {});
  int architecture = TRY(api::architecture_id(definition.image.at("architecture")));
  oci::Described described = TRY(oci::describe(ctx, registry, image, architecture));
  UniqueFd root = TRY(sys::unnamed_file(tree.templates + "/.."));
  std::string layers = tree.templates + "/../layers";
  std::error_code error;
  std::filesystem::create_directory(layers, error);
  oci::LayerCache cache(layers);
  auto drop = [](std::string_view) -> Result<> { return {}; };
  TRY(oci::assemble(ctx, registry, cache, described, {.metadata = drop, .rootfs = archive::sink_to_fd(root.get())}, nullptr));
  std::filesystem::remove_all(layers, error);
  lseek(root.get(), 0, SEEK_SET);
  return unpack_file(ctx, root.get(), tree);
}

Result<> from_instance(const Context& ctx, const Definition& definition, const Tree& tree) {
  std::string name = get_or(definition.source, "url"), own = "incus-image-" + random_secret().substr(0, 12);
  if (name.empty() || name[0] == '-') return fail(Code::invalid, "source.url must name an instance");
  std::string remote = name.substr(0, name.find(':') == name.npos ? 0 : name.find(':') + 1), folder = tree.templates + "/../exported";
  Reverter undo;  // runs after success too: the snapshot and the image are only ways
  TRY(client(ctx, {"snapshot", "create", name, own}));
  undo.add("remove snapshot", [&](const Context& late) { return client(late, {"snapshot", "delete", name, own}); });
  TRY(client(ctx, {"publish", name + "/" + own, remote, "--alias", own, "--compression", "none"}));
  undo.add("remove image", [&](const Context& late) { return client(late, {"image", "delete", remote + own}); });
  TRY(unpack_exported(ctx, TRY(export_image(ctx, remote + own, folder)), tree));
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  return {};
}

Result<> from_alpine(const Context& ctx, const Definition& definition, const Tree& tree) {
  const std::string& release = definition.image.at("release");
  std::string branch = !release.empty() && isdigit(static_cast<unsigned char>(release[0])) ? "v" + release : release;
  std::string folder = std::format("{}/{}/releases/{}", TRY(definition.render(get_or(definition.source, "url"))), branch, definition.architecture_mapped);
  auto answer = TRY(client::download(ctx, folder + "/latest-releases.yaml"));
  Json list = TRY_CTX(api::parse_yaml(answer.body), "{}/latest-releases.yaml", folder);
  for (const Json& row : list) {
    if (!row.is_object() || row.value("flavor", Json()) != "alpine-minirootfs") continue;
    auto file = row.find("file"), hash = row.find("sha256");
    bool plain = file != row.end() && file->is_string() && !file->get_ref<const std::string&>().contains('/');
    if (!plain || hash == row.end() || !hash->is_string()) return fail(Code::invalid, "{}/latest-releases.yaml names no file or no hash", folder);
    return download_root(ctx, folder + "/" + file->get<std::string>(), hash->get<std::string>(), tree);
  }
  return fail(Code::not_found, "{}/latest-releases.yaml has no alpine-minirootfs", folder);
}

}  // namespace builder
