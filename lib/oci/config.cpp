#include "oci/config.h"

#include <algorithm>

#include "oci/json_member.h"

namespace oci {

namespace {

/// A line of /etc/passwd or /etc/group.
using Fields = StringList;

std::vector<Fields> read_table(std::string_view text, size_t columns) {
  std::vector<Fields> out;
  for (const std::string& line : split(text, '\n')) {
    if (line.empty() || line[0] == '#') continue;
    Fields fields = split(line, ':');
    fields.resize(std::max(fields.size(), columns));
    out.push_back(std::move(fields));
  }
  return out;
}

std::optional<uint32_t> id_of(std::string_view text) {
  auto id = parse_uint(text);
  // The last one means "no user" to the kernel.
  return id && *id < UINT32_MAX ? std::optional(static_cast<uint32_t>(*id)) : std::nullopt;
}

constexpr size_t kPasswdColumns = 7, kGroupColumns = 4;
constexpr size_t kName = 0, kId = 2, kGroupOf = 3, kHome = 5, kMembers = 3;

const Fields* find_row(const std::vector<Fields>& table, std::string_view wanted) {
  for (const Fields& row : table)
    if (row[kName] == wanted) return &row;
  for (const Fields& row : table)
    if (!wanted.empty() && row[kId] == wanted) return &row;
  return nullptr;
}

Result<uint32_t> find_group(std::string_view wanted, const std::vector<Fields>& groups) {
  if (const Fields* row = find_row(groups, wanted)) {
    if (auto id = id_of((*row)[kId])) return *id;
  } else if (auto id = id_of(wanted)) {
    return *id;
  }
  return fail(Code::invalid, "The image has no group {}", quote(wanted));
}

/// Puts NAME=value into the list, over an earlier value of the same name.
void set_variable(Json& list, const std::string& name, const std::string& entry) {
  for (Json& item : list)
    if (item.get_ref<const std::string&>().starts_with(name + "=")) {
      item = entry;
      return;
    }
  list.push_back(entry);
}

Result<Json> environment(const ImageConfig& image, const User& user) {
  Json list = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"};
  for (const std::string& entry : image.environment) {
    size_t equals = entry.find('=');
    if (equals == entry.npos || equals == 0) return fail(Code::invalid, "The image sets an environment variable without a name or value: {}", quote(entry));
    set_variable(list, entry.substr(0, equals), entry);
  }
  if (!user.home.empty()) set_variable(list, "HOME", "HOME=" + user.home);
  return list;
}

/// Mounts every container has; of these, Incus only makes those of type tmpfs that it doesn't make anyhow.
Json standard_mounts() {
  struct Row {
    const char *destination, *type, *source, *options;
  };
  static constexpr Row kRows[] = {
      {"/proc", "proc", "proc", ""},
      {"/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k"},
      {"/dev/pts", "devpts", "devpts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5"},
      {"/dev/shm", "tmpfs", "shm", "nosuid,noexec,nodev,mode=1777,size=65536k"},
      {"/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev"},
      {"/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro"},
  };
  Json out = Json::array();
  for (const Row& row : kRows) out.push_back({{"destination", row.destination}, {"type", row.type}, {"source", row.source}, {"options", split_list(row.options)}});
  return out;
}

Json annotations(const ImageConfig& image) {
  Json out = Json::object();
  for (const auto& [key, value] : image.labels) out[key] = value;
  const std::string prefix = "org.opencontainers.image.";
  out[prefix + "os"] = image.os;
  out[prefix + "architecture"] = image.architecture;
  out[prefix + "author"] = image.author;
  out[prefix + "created"] = image.created.rfc3339();
  out[prefix + "stopSignal"] = image.stop_signal;
  out[prefix + "exposedPorts"] = join(image.ports, ",");
  return out;
}

}  // namespace

Result<ImageConfig> parse_config(std::string_view document) {
  Json json = TRY_CTX(api::parse_json(document), "The image's configuration is damaged");
  if (!json.is_object()) return fail(Code::invalid, "The image's configuration is no JSON object");
  ImageConfig out;
  out.os = text(json, "os");
  out.architecture = text(json, "architecture");
  out.author = text(json, "author");
  if (out.os != "linux") return fail(Code::unsupported, "The image is for {}, not for Linux", quote(out.os));
  if (auto created = Timestamp::parse(text(json, "created"))) out.created = *created;
  const Json& config = member(json, "config");
  out.user = text(config, "User");
  out.environment = texts(config, "Env");
  out.entrypoint = texts(config, "Entrypoint");
  out.command = texts(config, "Cmd");
  out.working_folder = text(config, "WorkingDir");
  out.stop_signal = text(config, "StopSignal");
  for (const std::string& name : names(config, "Labels")) out.labels[name] = text(member(config, "Labels"), name.c_str());
  out.ports = names(config, "ExposedPorts");
  out.diff_ids = texts(member(json, "rootfs"), "diff_ids");
  return out;
}

Result<User> find_user(std::string_view wanted, std::string_view passwd, std::string_view group) {
  std::vector<Fields> users = read_table(passwd, kPasswdColumns), groups = read_table(group, kGroupColumns);
  size_t colon = wanted.find(':');
  std::string_view name = wanted.substr(0, colon), group_name = colon == wanted.npos ? "" : wanted.substr(colon + 1);
  if (name.empty()) name = "0";
  User out;
  std::string login;
  if (const Fields* row = find_row(users, name)) {
    auto uid = id_of((*row)[kId]), gid = id_of((*row)[kGroupOf]);
    if (!uid || !gid) return fail(Code::invalid, "The image's user {} has unusable ids", quote(name));
    out = {.uid = *uid, .gid = *gid, .groups = {}, .home = (*row)[kHome]};
    login = (*row)[kName];
  } else if (auto id = id_of(name)) {
    out.uid = *id;
  } else {
    return fail(Code::invalid, "The image has no user {}", quote(name));
  }
  if (!group_name.empty()) {
    out.gid = TRY(find_group(group_name, groups));
    return out;  // whoever names a group gets that one only
  }
  for (const Fields& row : groups) {
    auto id = id_of(row[kId]);
    if (id && !login.empty() && contains(split_list(row[kMembers]), login)) out.groups.push_back(*id);
  }
  return out;
}

Result<std::string> runtime_spec(const ImageConfig& image, std::string_view passwd, std::string_view group) {
  User user = TRY(find_user(image.user, passwd, group));
  StringList arguments = image.entrypoint;
  arguments.insert(arguments.end(), image.command.begin(), image.command.end());
  if (arguments.empty()) arguments = {"sh"};
  auto variables = TRY(environment(image, user));
  Json process{{"terminal", true},
               {"user", {{"uid", user.uid}, {"gid", user.gid}}},
               {"args", arguments},
               {"env", std::move(variables)},
               {"cwd", image.working_folder.empty() ? "/" : image.working_folder},
               {"noNewPrivileges", true}};
  if (!user.groups.empty()) process["user"]["additionalGids"] = user.groups;
  Json spec{{"ociVersion", "1.2.0"}, {"process", std::move(process)}, {"root", {{"path", "rootfs"}}}, {"hostname", "container"},
            {"mounts", standard_mounts()}, {"annotations", annotations(image)}};
  spec["linux"]["namespaces"] = Json::array();
  for (const char* kind : {"cgroup", "pid", "network", "ipc", "uts", "mount"}) spec["linux"]["namespaces"].push_back({{"type", kind}});
  return api::dump_json(spec);
}

}  // namespace oci
