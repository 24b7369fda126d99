// incus-image: builds images from definition files, packs folders and hosts as images.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <print>

#include "applets/image/bundle.h"
#include "applets/image/chroot.h"
#include "applets/image/machine.h"
#include "applets/image/workspace.h"
#include "applets/tools/tool.h"
#include "base/reverter.h"

namespace builder {

Result<> run_actions(const Context& ctx, const Definition& definition, const Tree& tree, std::string_view trigger) {
  for (const Action& action : definition.actions) {
    if (action.trigger != trigger || !definition.wants(action)) continue;
    std::string script = action.templated ? TRY(definition.render(action.script)) : action.script;
    TRY(run_in_root(ctx, tree.root, script, definition.environment, std::format("An action of {}", trigger)));
  }
  return {};
}

Result<> build_tree(const Context& ctx, const Definition& definition, Tree& tree) {
  auto say = [start = Clock::now()](std::string_view stage) {
    std::println("[{:6.1f} s] {}", std::chrono::duration<double>(Clock::now() - start).count(), stage);
    std::fflush(stdout);
  };
  say("Unpacking the source");
  TRY_CTX(unpack_source(ctx, definition, tree), "Failed unpacking the source");
  TRY(run_actions(ctx, definition, tree, "post-unpack"));
  say("Packages");
  TRY(change_packages(ctx, definition, tree));
  TRY(run_actions(ctx, definition, tree, "post-packages"));
  say("Files");
  TRY(make_files(ctx, definition, tree));
  TRY(run_actions(ctx, definition, tree, "post-files"));
  say("Built");
  return {};
}

namespace {

using cli::Flag;
using cli::FlagKind;

Result<Definition> read_definition(tools::Call& call, bool machine = false) {
  std::string text = TRY(read_file(call.words[0], 4 << 20));
  return TRY_CTX(parse_definition(text, call.flags.list("options"), machine), "{}", call.words[0]);
}

Result<> need_root() { return geteuid() == 0 ? Result<>() : fail(Code::forbidden, "This has to be run as root"); }

Result<PackOptions> pack_options(tools::Call& call, size_t folder_word) {
  PackOptions options;
  options.compression = TRY(archive::parse_compression(call.flags.text("compression")));
  std::string type = call.flags.text("type");
  if (type != "split" && type != "unified") return fail(Code::invalid, "Unknown type {}: use split or unified", quote(type));
  options.split = type == "split";
  if (options.split && options.compression.method != archive::Compression::squashfs) options.squashfs = options.compression.method;
  if (call.words.size() > folder_word) options.folder = call.words[folder_word];
  return options;
}

Result<> for_machine(const Definition& definition, const Workspace& workspace, PackOptions& options) {
  options.workspace = workspace.folder();
  if (definition.machine) options.machine = TRY(machine_size(get_or(definition.machine_target, "size")));
  return {};
}

Result<> pack_and_tell(tools::Call& call, const Tree& tree, const api::ImageMetadata& metadata, PackOptions options) {
  if (options.name.empty()) options.name = get_or(metadata.properties, "name", "image");
  for (const std::string& path : TRY(pack(call.ctx, tree, metadata, options))) std::println("{}", path);
  return {};
}

Result<> build_image(tools::Call& call) {
  TRY(need_root());
  Definition definition = TRY(read_definition(call, call.flags.on("vm")));
  PackOptions options = TRY(pack_options(call, 1));
  Workspace workspace = TRY(Workspace::create(call.flags.text("cache-dir")));
  TRY(for_machine(definition, workspace, options));
  Tree tree = workspace.tree();
  TRY(build_tree(call.ctx, definition, tree));
  return pack_and_tell(call, tree, TRY(definition.metadata()), options);
}

Result<> build_dir(tools::Call& call) {
  TRY(need_root());
  Definition definition = TRY(read_definition(call));
  Workspace workspace = TRY(Workspace::create(call.flags.text("cache-dir")));
  Tree tree = workspace.tree();
  tree.root = call.words[1];
  if (mkdir(tree.root.c_str(), 0755) != 0) return fail_errno("mkdir " + tree.root);
  Reverter undo;
  undo.add("remove " + tree.root, [&](const Context& ctx) { return archive::remove_tree(ctx, tree.root); });
  TRY(build_tree(call.ctx, definition, tree));
  undo.commit();
  return {};
}

/// A folder that build-dir made, perhaps changed since, as an image.
Result<> pack_image(tools::Call& call) {
  TRY(need_root());
  Definition definition = TRY(read_definition(call, call.flags.on("vm")));
  PackOptions options = TRY(pack_options(call, 2));
  Workspace workspace = TRY(Workspace::create(call.flags.text("cache-dir")));
  TRY(for_machine(definition, workspace, options));
  Tree tree = workspace.tree();
  tree.root = call.words[1];
  TRY(make_files(call.ctx, definition, tree));
  return pack_and_tell(call, tree, TRY(definition.metadata()), options);
}

Result<> validate(tools::Call& call) { return read_definition(call).transform([](Definition&&) {}); }

std::string os_release(const std::string& key, const std::string& otherwise) {
  auto text = read_file("/etc/os-release");
  for (const std::string& line : split(text ? *text : "", '\n')) {
    if (line.starts_with(key + "=")) return replace_all(line.substr(key.size() + 1), "\"", "");
  }
  return otherwise;
}

Result<> from_host(tools::Call& call) {
  TRY(need_root());
  Json document = {{"image", {{"distribution", os_release("ID", "linux")}, {"release", os_release("VERSION_CODENAME", "current")}, {"name", "host"}, {"variant", "host"}}},
                   {"source", {{"downloader", "rootfs"}}}, {"mappings", {{"architecture_map", "debian"}}}};
  Definition definition = TRY(parse_definition(document.dump(), call.flags.list("options")));
  PackOptions options = TRY(pack_options(call, 0));
  options.host = true;
  Workspace workspace = TRY(Workspace::create(call.flags.text("cache-dir")));
  Tree tree = workspace.tree();
  tree.root = call.flags.text("root");
  mkdir(tree.templates.c_str(), 0755);
  TRY(write_file_atomic(tree.templates + "/hostname.tpl", "{{ container.name }}\n", 0644));
  tree.applied["/etc/hostname"] = {.when = {"create", "copy"}, .create_only = false, .template_ = "hostname.tpl", .properties = {}, .uid = {}, .gid = {}, .mode = {}};
  return pack_and_tell(call, tree, TRY(definition.metadata()), options);
}

#define COMMON_FLAGS                                                                                             \
  {"cache-dir", FlagKind::text, "Folder for what is only needed meanwhile", "/var/tmp"},                         \
      {"options|o", FlagKind::list, "SECTION.KEY=VALUE instead of what the file says (repeatable)"}
#define PACK_FLAGS {"compression", FlagKind::text, "Compressor: none, gzip, xz, zstd, …", "xz"}, {"type", FlagKind::text, "unified or split", "split"}
constexpr Flag kBuildFlags[] = {COMMON_FLAGS, PACK_FLAGS, {"vm", FlagKind::boolean, "For virtual machines: a disk instead of a root", ""}};
constexpr Flag kDirFlags[] = {COMMON_FLAGS, {"vm", FlagKind::boolean, "For virtual machines", ""}};
constexpr Flag kBundleFlags[] = {{"cache-dir", FlagKind::text, "Folder for what is only needed meanwhile", "/var/tmp"}, {"preseed", FlagKind::text, "File for `incus admin init --preseed`", ""}};
constexpr Flag kHostFlags[] = {COMMON_FLAGS, PACK_FLAGS, {"root", FlagKind::text, "The tree to take", "/"}};
#undef COMMON_FLAGS
#undef PACK_FLAGS

constexpr tools::Verb kVerbs[] = {
    {.name = "build-dir", .usage = "<definition> <target folder>", .summary = "Build a root file system", .run = build_dir, .least = 2, .most = 2, .flags = kDirFlags},
    {.name = "build-incus", .usage = "<definition> [<target folder>]", .summary = "Build an image", .run = build_image, .least = 1, .most = 2, .flags = kBuildFlags,
     .about = "A split image is incus.tar.xz and rootfs.squashfs, a unified one a single tarball.\nWith --vm the root becomes disk.qcow2 (or rootfs.img in the tarball), from which EFI firmware starts.\nWith SOURCE_DATE_EPOCH set, the same inputs give the same bytes."},
    {.name = "bundle", .usage = "<target file> [[<alias>=]<image>...]", .summary = "Write this program and images into one file", .run = make_bundle, .least = 1, .most = 1000,
     .flags = kBundleFlags,
     .about = "An image is a unified file, METADATA,ROOTFS, a folder that build-incus filled, or [<remote>:]<image> that the client can export.\n"
              "The file can be executed: it starts a private daemon with these images, on a machine that has nothing else (incusbox rescue)."},
    {.name = "from-host", .usage = "[<target folder>]", .summary = "Make an image of this machine's root", .run = from_host, .least = 0, .most = 1, .flags = kHostFlags,
     .about = "One file system only; what belongs to the running kernel, temporary files and the machine's identity are left out."},
    {.name = "pack-incus", .usage = "<definition> <root folder> [<target folder>]", .summary = "Pack a root file system as an image", .run = pack_image, .least = 2, .most = 3,
     .flags = kBuildFlags},
    {.name = "validate", .usage = "<definition>", .summary = "Check a definition", .run = validate, .least = 1, .most = 1, .flags = kDirFlags},
};

constexpr tools::Tool kTool = {.name = "incus-image", .summary = "Build images for Incus",
                               .about = "Definitions are files as distrobuilder reads them: image, source, packages, files, actions, mappings.", .verbs = kVerbs};

int run(const Args& args) { return tools::run_tool(kTool, args); }

}  // namespace
}  // namespace builder

extern const Applet incus_image_applet;
const Applet incus_image_applet = {.name = "incus-image", .flags = kPlain, .summary = "Builds images", .run = builder::run};
