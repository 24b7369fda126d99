// Generators of the `files` section: files put into the root, and templates that are filled in when an instance starts.
#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "applets/image/machine.h"
#include "archive/extract.h"
#include "archive/remove_tree.h"
#include "archive/tar_writer.h"
#include "imagefmt/agent_files.h"
#include "sys/beneath.h"
#include "sys/in_root.h"
#include "sys/unnamed_file.h"

namespace builder {

namespace {

struct Place {
  UniqueFd folder;
  std::string name;
};

/// Where a path of the image is: its own links are followed, but never out of it.
Result<Place> place_of(const Tree& tree, const std::string& path, bool make_folders) {
  UniqueFd root = TRY(sys::open_directory(tree.root));
  size_t slash = path.rfind('/');
  std::string folder = slash == std::string::npos || slash == 0 ? "." : path.substr(path.starts_with('/') ? 1 : 0, slash - (path.starts_with('/') ? 1 : 0));
  std::string name = path.substr(slash == std::string::npos ? 0 : slash + 1);
  if (name.empty() || name == "." || name == "..") return fail(Code::invalid, "files: {} is not the path of a file", quote(path));
  UniqueFd parent = make_folders ? TRY(sys::make_folders_in_root(root.get(), folder, 0755)) : TRY(sys::open_in_root(root.get(), folder, O_RDONLY | O_DIRECTORY));
  return Place{std::move(parent), name};
}

Result<int64_t> number_or(const std::string& text, int base, int64_t otherwise) {
  if (text.empty()) return otherwise;
  auto value = parse_int(text, base);
  if (!value || *value < 0) return fail(Code::invalid, "files: {} is not a number", quote(text));
  return *value;
}

Result<> write_at(const Tree& tree, const FileRule& rule, const std::string& path, std::string_view content) {
  Place place = TRY(place_of(tree, path, true));
  unlinkat(place.folder.get(), place.name.c_str(), 0);
  UniqueFd file(openat(place.folder.get(), place.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return fail_errno("files: cannot write " + path);
  TRY(archive::sink_to_fd(file.get())(content));
  auto mode = TRY(number_or(rule.mode, 8, 0644));
  auto uid = TRY(number_or(rule.uid, 10, 0)), gid = TRY(number_or(rule.gid, 10, 0));
  if (fchown(file.get(), static_cast<uid_t>(uid), static_cast<gid_t>(gid)) != 0 || fchmod(file.get(), static_cast<mode_t>(mode) & 07777) != 0) return fail_errno("files: " + path);
  return {};
}

Result<> add_template(Tree& tree, const FileRule& rule, const std::string& name, const std::string& path, const std::string& content, StringList when) {
  if (name.empty() || name.contains('/')) return fail(Code::invalid, "files: {} is not the name of a template", quote(name));
  mkdir(tree.templates.c_str(), 0755);
  TRY(write_file_atomic(tree.templates + "/" + name, content, 0644));
  api::ImageMetadataTemplate entry;
  entry.when = rule.when.empty() ? std::move(when) : rule.when;
  entry.template_ = name;
  entry.properties = rule.properties;
  entry.uid = rule.uid;
  entry.gid = rule.gid;
  entry.mode = rule.mode;
  tree.applied[path] = entry;
  return {};
}

Result<> dump(const Context&, const Definition& definition, Tree& tree, const FileRule& rule) {
  return write_at(tree, rule, rule.path, rule.templated ? TRY(definition.render(rule.content)) : rule.content);
}

/// Into a folder of the image that may have files already: unpacked there like a tar, since links in it must not lead anywhere.
Result<> merge(const Context& ctx, const Tree& tree, int source, int target) {
  UniqueFd tar = TRY(sys::unnamed_file(tree.templates + "/.."));
  auto out = TRY(archive::TarWriter::create(archive::sink_to_fd(tar.get()), {}));
  TRY(out->add_tree(ctx, source, ""));
  TRY(out->finish());
  auto in = TRY(archive::TarReader::open(archive::source_from_file(tar.get())));
  return archive::extract(ctx, *in, target);
}

Result<> copy_one(const Context& ctx, Tree& tree, const FileRule& rule, const std::string& from, const std::string& to) {
  struct stat info;
  if (stat(from.c_str(), &info) != 0) return fail_errno("files: " + from);
  if (!S_ISDIR(info.st_mode)) return write_at(tree, rule, to, TRY(read_file(from, 1 << 30)));
  UniqueFd root = TRY(sys::open_directory(tree.root)), source = TRY(sys::open_directory(from));
  TRY(sys::make_folders_in_root(root.get(), to, 0755));
  UniqueFd target = TRY(sys::open_in_root(root.get(), to, O_RDONLY | O_DIRECTORY));
  return merge(ctx, tree, source.get(), target.get());
}

/// The files that a pattern of the shell names, sorted. Errors: invalid (none).
Result<StringList> matching(const std::string& pattern) {
  glob_t found{};
  StringList names;
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0) names.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  globfree(&found);
  if (names.empty()) return fail(Code::invalid, "files: there is nothing like {}", quote(pattern));
  return names;
}

/// One file or folder to `path`, or what a pattern matches into the folder `path`.
Result<> copy(const Context& ctx, const Definition&, Tree& tree, const FileRule& rule) {
  if (rule.source.find_first_of("*?[") == rule.source.npos) return copy_one(ctx, tree, rule, rule.source, rule.path);
  for (const std::string& name : TRY(matching(rule.source))) TRY(copy_one(ctx, tree, rule, name, rule.path + "/" + name.substr(name.rfind('/') + 1)));
  return {};
}

Result<> remove(const Context& ctx, const Definition&, Tree& tree, const FileRule& rule) {
  auto place = place_of(tree, rule.path, false);
  if (!place) return place.error().code() == Code::not_found ? Result<>() : Result<>(std::unexpected(place.error()));
  if (unlinkat(place->folder.get(), place->name.c_str(), 0) == 0 || errno == ENOENT) return {};
  return archive::remove_tree(ctx, place->folder.get(), place->name);
}

Result<> make_template(const Context&, const Definition&, Tree& tree, const FileRule& rule) {
  return add_template(tree, rule, rule.name, rule.path, rule.content, {"create", "copy"});
}

Result<> hostname(const Context&, const Definition&, Tree& tree, const FileRule& rule) {
  TRY(write_at(tree, rule, rule.path, "LXC_NAME\n"));
  return add_template(tree, rule, "hostname.tpl", rule.path, "{{ container.name }}\n", {"create", "copy"});
}

Result<> hosts(const Context&, const Definition&, Tree& tree, const FileRule& rule) {
  constexpr const char* kNames = "127.0.0.1\tlocalhost\n127.0.1.1\t{}\n::1\t\tlocalhost ip6-localhost ip6-loopback\nff02::1\t\tip6-allnodes\nff02::2\t\tip6-allrouters\n";
  std::string names = replace_all(kNames, "{}", "LXC_NAME");
  TRY(write_at(tree, rule, rule.path, names));
  return add_template(tree, rule, "hosts.tpl", rule.path, replace_all(names, "LXC_NAME", "{{ container.name }}"), {"create", "copy"});
}

struct Seed {
  const char *name, *content;
};
constexpr Seed kSeeds[] = {
    {"meta-data", "#cloud-config\ninstance-id: {{ container.name }}\nlocal-hostname: {{ container.name }}\n{{ config_get(\"user.meta-data\", \"\") }}\n"},
    {"user-data", "{{ config_get(\"cloud-init.user-data\", config_get(\"user.user-data\", properties.default)) }}\n"},
    {"vendor-data", "{{ config_get(\"cloud-init.vendor-data\", config_get(\"user.vendor-data\", properties.default)) }}\n"},
    {"network-config", "{% set own = config_get(\"cloud-init.network-config\", config_get(\"user.network-config\", \"\")) %}{% if own == \"\" %}version: 1\nconfig:\n"
                       "  - type: physical\n    name: eth0\n    subnets:\n      - type: dhcp\n        control: auto\n{% else %}{{ own }}{% endif %}\n"},
};

Result<> cloud_init(const Context&, const Definition&, Tree& tree, const FileRule& rule) {
  for (const Seed& seed : kSeeds) {
    if (!rule.name.empty() && rule.name != seed.name) continue;
    FileRule own = rule;
    if (!own.properties.contains("default")) own.properties["default"] = "#cloud-config\n{}";
    std::string path = rule.path.empty() ? std::string("/var/lib/cloud/seed/nocloud-net/") + seed.name : rule.path;
    TRY(add_template(tree, own, std::string("cloud-init-") + seed.name + ".tpl", path, rule.content.empty() ? seed.content : rule.content, {"create", "copy"}));
  }
  return {};
}

// What only virtual machines have.

Result<> fstab(const Context&, const Definition& definition, Tree& tree, const FileRule& rule) {
  if (!definition.machine) return {};
  return write_at(tree, rule, "/etc/fstab", std::format("LABEL={} / ext4 defaults 0 1\nLABEL={} /boot/efi vfat defaults,umask=0077 0 1\n", kRootLabel, kEfiLabel));
}

/// The service that fetches the agent from the config drive at every boot.
Result<> incus_agent(const Context&, const Definition& definition, Tree& tree, const FileRule&) {
  if (!definition.machine) return {};
  struct stat info;
  std::string library = lstat((tree.root + "/lib").c_str(), &info) == 0 && S_ISDIR(info.st_mode) ? "/lib/" : "/usr/lib/";
  constexpr std::pair<std::string_view, std::string_view> kPlaces[] = {
      {"systemd/incus-agent-setup", "systemd/incus-agent-setup"}, {"systemd/incus-agent.service", "systemd/system/incus-agent.service"},
      {"udev/99-incus-agent.rules", "udev/rules.d/99-incus-agent.rules"}};
  for (const imagefmt::AgentFile& file : imagefmt::agent_files()) {
    for (const auto& [name, place] : kPlaces) {
      FileRule own;
      own.mode = name.ends_with("-setup") ? "0755" : "0644";
      std::string text = replace_all(std::string(file.text), "TARGET", library.substr(0, library.size() - 1));
      if (name == file.path) TRY(write_at(tree, own, library + std::string(place), text));
    }
  }
  return {};
}

struct Generator {
  std::string_view name;
  Result<> (*make)(const Context&, const Definition&, Tree&, const FileRule&);
};
constexpr Generator kGenerators[] = {{"cloud-init", cloud_init}, {"copy", copy},   {"dump", dump},     {"fstab", fstab},         {"hostname", hostname},
                                     {"hosts", hosts},           {"incus-agent", incus_agent}, {"remove", remove}, {"template", make_template}};

}  // namespace

Result<> make_files(const Context& ctx, const Definition& definition, Tree& tree) {
  for (FileRule rule : definition.files) {
    if (!definition.wants(rule)) continue;
    for (std::string* part : {&rule.path, &rule.content, &rule.source}) {
      if (rule.rendered) *part = TRY(definition.render(*part));
    }
    for (const Generator& generator : kGenerators) {
      if (generator.name == rule.generator) TRY(generator.make(ctx, definition, tree, rule));
    }
  }
  return {};
}

}  // namespace builder
