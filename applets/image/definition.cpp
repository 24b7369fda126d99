#include "applets/image/definition.h"

#include <algorithm>
#include <cstdlib>

#include "api/architecture.h"
#include "api/yaml.h"
#include "imagefmt/template.h"

namespace builder {

namespace {

constexpr std::string_view kGenerators[] = {"dump", "copy", "template", "hostname", "hosts", "remove", "fstab", "incus-agent", "cloud-init"};
constexpr std::string_view kTriggers[] = {"post-unpack", "post-update", "post-packages", "post-files"};

/// Numbers and booleans are taken as they are written: `release: 13`.
std::string text(const Json& object, const char* key) {
  auto found = object.is_object() ? object.find(key) : object.end();
  if (!object.is_object() || found == object.end() || found->is_null() || found->is_structured()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

bool flag(const Json& object, const char* key) { return is_true(text(object, key)); }

const Json& member(const Json& object, const char* key) {
  static const Json none;
  auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() ? *found : none;
}

StringMap texts(const Json& object) {
  StringMap map;
  if (!object.is_object()) return map;
  for (const auto& [key, value] : object.items()) {
    if (!value.is_structured()) map[key] = text(object, key.c_str());
  }
  return map;
}

StringList list(const Json& object, const char* key) {
  StringList out;
  const Json& items = member(object, key);
  if (!items.is_array()) return out;
  for (const Json& item : items) out.push_back(item.is_string() ? item.get<std::string>() : item.dump());
  return out;
}

void read_filter(const Json& json, Filter& filter) {
  filter = {list(json, "releases"), list(json, "architectures"), list(json, "variants"), list(json, "types")};
}

Result<FileRule> read_file_rule(const Json& json) {
  FileRule rule;
  read_filter(json, rule);
  rule.generator = text(json, "generator");
  if (!std::ranges::contains(kGenerators, rule.generator)) return fail(Code::invalid, "files: unknown generator {}", quote(rule.generator));
  rule.path = text(json, "path");
  rule.content = text(json, "content");
  rule.source = text(json, "source");
  rule.name = text(json, "name");
  rule.mode = text(json, "mode");
  rule.uid = text(json, "uid");
  rule.gid = text(json, "gid");
  rule.templated = flag(json, "templated");
  rule.rendered = flag(json, "pongo");
  if (rule.generator == "copy" && rule.path.empty()) rule.path = rule.source;
  rule.properties = texts(member(member(json, "template"), "properties"));
  rule.when = list(member(json, "template"), "when");
  bool anywhere = contains({"fstab", "incus-agent", "cloud-init"}, rule.generator);
  if (rule.path.empty() && !anywhere) return fail(Code::invalid, "files: the generator {} needs a path", rule.generator);
  return rule;
}

Result<Action> read_action(const Json& json) {
  Action action;
  read_filter(json, action);
  action.trigger = text(json, "trigger");
  action.script = text(json, "action");
  action.templated = flag(json, "pongo") || flag(json, "templated");
  if (!std::ranges::contains(kTriggers, action.trigger)) return fail(Code::invalid, "actions: unknown trigger {}", quote(action.trigger));
  if (action.script.empty()) return fail(Code::invalid, "actions: one has nothing to do");
  return action;
}

/// packages.custom_manager: for each command a program and its flags; flags of all of them stand before those.
Result<> read_custom_manager(const Json& json, Definition& out) {
  if (!json.is_object()) return {};
  if (!out.manager.empty()) return fail(Code::invalid, "packages: manager and custom_manager exclude each other");
  out.manager = "custom";
  for (const char* name : {"refresh", "update", "install", "remove", "clean"}) {
    StringList words{text(member(json, name), "cmd")};
    if (words[0].empty()) return fail(Code::invalid, "packages: custom_manager has no command for {}", name);
    for (const StringList& flags : {list(json, "flags"), list(member(json, name), "flags")}) words.insert(words.end(), flags.begin(), flags.end());
    std::string& command = out.custom_manager[name];
    for (const std::string& word : words) command += (command.empty() ? "" : " ") + shell_quoted(word);
  }
  return {};
}

Result<> read_packages(const Json& json, Definition& out) {
  out.manager = text(json, "manager");
  TRY(read_custom_manager(member(json, "custom_manager"), out));
  out.update = flag(json, "update");
  out.cleanup = flag(json, "cleanup");
  for (const Json& item : member(json, "sets")) {
    PackageSet set;
    read_filter(item, set);
    set.packages = list(item, "packages");
    set.flags = list(item, "flags");
    set.early = flag(item, "early");
    std::string action = text(item, "action");
    if (action != "install" && action != "remove") return fail(Code::invalid, "packages: unknown action {}", quote(action));
    set.install = action == "install";
    out.sets.push_back(std::move(set));
  }
  for (const Json& item : member(json, "repositories")) {
    Repository repository;
    read_filter(item, repository);
    repository.name = text(item, "name");
    repository.url = text(item, "url");
    repository.type = text(item, "type");
    repository.key = text(item, "key");
    if (repository.name.empty() || repository.name.contains('/')) return fail(Code::invalid, "packages: a repository needs a plain name");
    out.repositories.push_back(std::move(repository));
  }
  if (out.manager.empty() && !out.sets.empty()) return fail(Code::invalid, "packages: no manager is named");
  return {};
}

/// What distributions call architectures, in the order of kKernelNames; "" where it is the kernel's name.
constexpr std::string_view kKernelNames[] = {"x86_64", "i686", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64"};
struct Names {
  std::string_view map;
  std::string_view names[std::size(kKernelNames)];
};
constexpr Names kNames[] = {{"alpinelinux", {"", "x86", "", "armv7", "", "", ""}},   {"archlinux", {"", "", "", "armv7", "", "", ""}},
                            {"centos", {"", "", "", "armhfp", "", "", ""}},           {"debian", {"amd64", "i386", "arm64", "armhf", "ppc64el", "", ""}},
                            {"voidlinux", {"", "", "", "", "", "", ""}}};

std::string map_architecture(const Json& mappings, const std::string& name) {
  if (std::string own = text(member(mappings, "architectures"), name.c_str()); !own.empty()) return own;
  auto row = std::ranges::find(kNames, text(mappings, "architecture_map"), &Names::map);
  auto kernel = std::ranges::find(kKernelNames, name);
  if (row == std::end(kNames) || kernel == std::end(kKernelNames)) return name;
  std::string_view mapped = row->names[kernel - std::begin(kKernelNames)];
  return mapped.empty() ? name : std::string(mapped);
}

Result<> fill_defaults(Definition& out, const Json& mappings) {
  StringMap& image = out.image;
  const char* epoch = getenv("SOURCE_DATE_EPOCH");
  out.time = epoch ? parse_int(epoch).value_or(0) : Timestamp::now().seconds;
  if (image["distribution"].empty()) return fail(Code::invalid, "image.distribution must not be empty");
  if (image["variant"].empty()) image["variant"] = "default";
  if (image["release"].empty()) image["release"] = "current";
  std::string wanted = image["architecture"];
  int id = wanted.empty() ? api::local_architecture() : TRY_CTX(api::architecture_id(wanted), "image.architecture");
  image["architecture"] = api::architecture_name(id);
  out.architecture_mapped = map_architecture(mappings, image["architecture"]);
  if (image["serial"].empty()) image["serial"] = Timestamp::from_unix(out.time).format("%Y%m%d_%H%M");
  if (image["name"].empty()) image["name"] = "{{ image.distribution }}-{{ image.release }}-{{ image.architecture_mapped }}-{{ image.variant }}-{{ image.serial }}";
  if (image["description"].empty()) image["description"] = "{{ image.distribution }} {{ image.release }} {{ image.architecture_mapped }}{% if image.variant != \"default\" %} ({{ image.variant }}){% endif %} ({{ image.serial }})";
  if (image["expiry"].empty()) image["expiry"] = "30d";
  if (out.source["downloader"].empty()) return fail(Code::invalid, "source.downloader must not be empty");
  if (out.source["suite"].empty()) out.source["suite"] = image["release"];
  return {};
}

Result<> apply_option(Json& document, const std::string& option) {
  size_t equals = option.find('='), dot = option.find('.');
  if (equals == option.npos || dot == option.npos || dot == 0 || dot + 1 >= equals) return fail(Code::invalid, "Invalid option {}: it must be section.key=value", quote(option));
  Json& section = document[option.substr(0, dot)];
  if (!section.is_object() && !section.is_null()) return fail(Code::invalid, "{} is not a section with keys", option.substr(0, dot));
  section[option.substr(dot + 1, equals - dot - 1)] = option.substr(equals + 1);
  return {};
}

/// "30d", "12h", "1h 30m" in seconds.
Result<int64_t> duration(const std::string& wanted) {
  constexpr std::pair<char, int64_t> kUnits[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}, {'y', 31536000}};
  int64_t total = 0;
  StringList parts = split_list(wanted, ' ');
  for (const std::string& part : parts) {
    auto number = parse_int(std::string_view(part).substr(0, part.size() - 1));
    auto unit = std::ranges::find(kUnits, part.back(), &std::pair<char, int64_t>::first);
    if (unit == std::end(kUnits) || !number || *number < 0 || *number >= 100000) return fail(Code::invalid, "image.expiry: {} is not a time like 30d", quote(wanted));
    total += *number * unit->second;
  }
  if (parts.empty() || parts.size() > 10) return fail(Code::invalid, "image.expiry: {} is not a time like 30d", quote(wanted));
  return total;
}

bool listed(const StringList& names, const std::string& name) { return names.empty() || contains(names, name); }

}  // namespace

std::string shell_quoted(std::string_view word) { return "'" + replace_all(std::string(word), "'", "'\\''") + "'"; }

bool Definition::wants(const Filter& part) const {
  bool architecture = listed(part.architectures, image.at("architecture")) || contains(part.architectures, architecture_mapped);
  return architecture && listed(part.releases, image.at("release")) && listed(part.variants, image.at("variant")) && listed(part.types, machine ? "vm" : "container");
}

Json Definition::variables() const {
  Json vars = {{"image", image}, {"source", source}};
  vars["image"]["architecture_mapped"] = architecture_mapped;
  return vars;
}

Result<std::string> Definition::render(const std::string& wanted) const { return imagefmt::render_template(wanted, variables()); }

Result<api::ImageMetadata> Definition::metadata() const {
  api::ImageMetadata out;
  out.architecture = image.at("architecture");
  out.creation_date = time;
  out.expiry_date = time + TRY(duration(image.at("expiry")));
  for (const auto& [property, key] : {std::pair{"os", "distribution"}, {"release", "release"}, {"variant", "variant"}, {"serial", "serial"}}) out.properties[property] = image.at(key);
  out.properties["architecture"] = architecture_mapped;
  out.properties["name"] = TRY(render(image.at("name")));
  out.properties["description"] = TRY(render(image.at("description")));
  return out;
}

Result<Definition> parse_definition(std::string_view yaml, const StringList& options, bool machine) {
  Json document = TRY(api::parse_yaml(yaml));
  if (!document.is_object()) return fail(Code::invalid, "The definition is not a map of sections");
  for (const std::string& option : options) TRY(apply_option(document, option));
  Definition out;
  out.machine = machine;
  out.machine_target = texts(member(member(member(document, "targets"), "incus"), "vm"));
  out.image = texts(member(document, "image"));
  out.source = texts(member(document, "source"));
  out.components = list(member(document, "source"), "components");
  TRY(fill_defaults(out, member(document, "mappings")));
  TRY(read_packages(member(document, "packages"), out));
  for (const Json& item : member(document, "files")) out.files.push_back(TRY(read_file_rule(item)));
  for (const Json& item : member(document, "actions")) out.actions.push_back(TRY(read_action(item)));
  for (const Json& item : member(member(document, "environment"), "variables")) out.environment[text(item, "key")] = text(item, "value");
  TRY(out.metadata());
  return out;
}

}  // namespace builder
