// unix-char and unix-block: device nodes of the host in the instance.
#include <unistd.h>

#include <array>

#include "config/file_checks.h"
#include "device/io_limits.h"
#include "device/node_files.h"
#include "device/services.h"
#include "sys/cgroup.h"

namespace device {
namespace {

Result<> number(std::string_view value) {
  auto parsed = parse_uint(value);
  if (parsed && *parsed <= UINT32_MAX) return {};
  return fail(Code::invalid, "Invalid value for a UNIX device number");
}

template <size_t N>
consteval auto with_group(const config::Key (&rows)[N], std::string_view group) {
  std::array<config::Key, N> out;
  for (size_t i = 0; i < N; ++i) {
    out[i] = rows[i];
    out[i].group = group;
  }
  return out;
}

constexpr config::Key kRows[] = {
    {.name = "gid", .def = "0", .required = "no", .summary = "Group that owns the node in the instance", .check = config::is_unix_id},
    {.name = "limits.read", .required = "no", .summary = "Limit for reading, in byte/s or iops (unix-block only)"},
    {.name = "limits.write", .required = "no", .summary = "Limit for writing, in byte/s or iops (unix-block only)"},
    {.name = "major", .def = "that of the node on the host", .required = "no", .summary = "Major number", .check = number},
    {.name = "minor", .def = "that of the node on the host", .required = "no", .summary = "Minor number", .check = number},
    {.name = "mode", .def = "0660", .required = "no", .summary = "Mode of the node in the instance", .check = config::is_file_mode},
    {.name = "path", .required = "no", .summary = "Path in the instance (this or source is needed)"},
    {.name = "required", .type = config::Type::boolean, .def = "true", .required = "no", .summary = "Refuse starting without the node"},
    {.name = "source", .required = "no", .summary = "Path on the host (this or path is needed)"},
    {.name = "uid", .def = "0", .required = "no", .summary = "User that owns the node in the instance", .check = config::is_unix_id},
};
constexpr auto kCharKeys = with_group(kRows, "unix-char");
constexpr auto kBlockKeys = with_group(kRows, "unix-block");

std::string relative(std::string path) {
  while (path.starts_with('/')) path.erase(0, 1);
  return path;
}

std::string source_of(const StringMap& config) {
  std::string source = get_or(config, "source");
  return source.empty() ? get_or(config, "path") : source;
}

bool is_required(const StringMap& config) {
  std::string required = get_or(config, "required");
  return required.empty() || is_true(required);
}

/// Without the right to refuse the start, the node may come later. With numbers of its own the host's node doesn't matter.
std::string watched_path(const StringMap& config) {
  bool numbered = !get_or(config, "major").empty() && !get_or(config, "minor").empty();
  return is_required(config) || numbered ? "" : source_of(config);
}

class UnixDevice : public Device {
 public:
  UnixDevice(Host& host, const std::string& name, const StringMap& config, bool block) : host_(host), files_(host, name), config_(config), block_(block) {}

  Result<> validate() override {
    TRY(check_for_containers(host_));
    TRY(check_keys(block_ ? config::Keys(kBlockKeys) : config::Keys(kCharKeys), config_));
    if (value("source").empty() && value("path").empty()) return fail(Code::invalid, "Unix device entry is missing the required \"source\" or \"path\" property");
    if (!block_ && !(value("limits.read") + value("limits.write")).empty()) return fail(Code::invalid, "I/O limits are only supported for unix-block devices");
    TRY(io_max_line(0, 0, value("limits.read"), value("limits.write")));
    const char* monitored = getenv("INCUS_DEVMONITOR_DIR");
    std::string folder = monitored ? monitored : "/dev";
    if (!value("source").empty() && !value("source").starts_with(folder)) return fail(Code::invalid, "The path must be under {}", quote(folder));
    return {};
  }

  Result<RunConfig> start(const Context&) override {
    auto found = read_node(source());
    bool numbered = !value("major").empty() && !value("minor").empty();
    if (found && found->block != block_) return fail(Code::invalid, "Path specified is not a {} device", value("type"));
    if (!found && access(source().c_str(), F_OK) == 0) return fail(Code::invalid, "Not a device");
    if (!found && !numbered) {
      if (is_required(config_)) return fail(Code::invalid, "The required device path doesn't exist and the major and minor settings are not specified");
      return RunConfig{};
    }
    Node node = TRY(wanted_node(found));
    std::string limits = TRY(io_max_line(node.major_number, node.minor_number, value("limits.read"), value("limits.write")));
    if (!limits.empty() && !sys::cgroup_supports("io")) return fail(Code::invalid, "Cannot apply disk limits as IO cgroup controller is missing");
    bool taken = files_.taken(target());
    TRY(files_.make(node, target(), config_));
    if (taken) return RunConfig{};  // another device is there already: it stays
    return run_config(node);
  }

  Result<RunConfig> plugged() override {
    auto node = read_node(files_.path(target()));
    if (!node || files_.taken(target())) return RunConfig{};
    return run_config(*node);
  }

  Hotplug pending() override {
    if (watched_path(config_).empty()) return Hotplug::none;
    auto found = read_node(source()), made = read_node(files_.path(target()));
    if (found && found->block != block_) found.reset();
    if (made && (!found || *found != *made)) return Hotplug::unplug;
    return found && !made ? Hotplug::plug : Hotplug::none;
  }

  Result<> stop(const Context&) override { return files_.remove(target()); }

 private:
  std::string value(const std::string& key) const { return get_or(config_, key); }
  std::string source() const { return source_of(config_); }
  std::string target() const { return relative(value("path").empty() ? value("source") : value("path")); }

  Result<Node> wanted_node(const std::optional<Node>& found) const {
    if (value("major").empty() && value("minor").empty()) return *found;
    if (value("major").empty() || value("minor").empty()) return fail(Code::invalid, "Both major and minor must be supplied for device: {}", source());
    return Node{block_, static_cast<unsigned>(parse_uint(value("major")).value_or(0)), static_cast<unsigned>(parse_uint(value("minor")).value_or(0))};
  }

  RunConfig run_config(const Node& node) const {
    RunConfig out;
    files_.add_to(out, node, target());
    auto limits = io_max_line(node.major_number, node.minor_number, value("limits.read"), value("limits.write"));
    if (limits && !limits->empty()) out.cgroup_files.emplace_back("io.max", *limits);
    return out;
  }

  Host& host_;
  NodeFiles files_;
  StringMap config_;
  bool block_;
};

}  // namespace

extern const device::Type unix_block_type = {
    .name = "unix-block",
    .create = [](Services&, Host& host, const std::string& name, const StringMap& config) -> std::unique_ptr<Device> {
      return std::make_unique<UnixDevice>(host, name, config, true);
    },
    .keys = [](const StringMap&) -> config::Keys { return kBlockKeys; },
    .watched = watched_path,
};

extern const device::Type unix_char_type = {
    .name = "unix-char",
    .create = [](Services&, Host& host, const std::string& name, const StringMap& config) -> std::unique_ptr<Device> {
      return std::make_unique<UnixDevice>(host, name, config, false);
    },
    .keys = [](const StringMap&) -> config::Keys { return kCharKeys; },
    .watched = watched_path,
};

}  // namespace device
