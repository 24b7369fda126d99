#include "instance/qemu/config_drive.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "api/architecture.h"
#include "api/json.h"
#include "archive/copy_tree.h"
#include "archive/hash.h"
#include "archive/remove_tree.h"
#include "http/certificate.h"
#include "imagefmt/iso.h"
#include "imagefmt/agent_files.h"
#include "instance/template.h"

namespace instance::qemu {
namespace {

/// Writes what is not there yet: snapshots of the volume stay small, and nothing waits for the disk.
Result<> put(const std::string& path, std::string_view text, unsigned mode) {
  auto present = read_file(path);
  if (present && *present == text) return {};
  return write_file_atomic(path, text, mode);
}

Result<> make_folder(const std::string& path, mode_t mode = 0500) {
  if (mkdir(path.c_str(), mode) < 0 && errno != EEXIST) return fail_errno("Failed creating " + path);
  return {};
}

/// The same file, or a copy of it.
bool same_file(const struct stat& a, const struct stat& b) {
  if (a.st_dev == b.st_dev && a.st_ino == b.st_ino) return true;
  return a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

/// The program that guests run: ours, or that of INCUS_AGENT_PATH.
Result<UniqueFd> open_agent(int64_t architecture) {
  const char* folder = getenv("INCUS_AGENT_PATH");
  std::string path = folder ? std::format("{}/incus-agent.linux.{}", folder, api::architecture_name(architecture)) : "/proc/self/exe";
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno("Failed opening " + path);
  return fd;
}

/// A copy with the times of the original, by which it is known again. Everybody may read it and nobody may change it: machines share it.
Result<> copy_agent(const Context& ctx, int source, const struct stat& info, const std::string& path) {
  std::string fresh = path + ".new";
  unlink(fresh.c_str());
  UniqueFd out(open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0555));
  if (!out) return fail_errno("Failed creating " + fresh);
  TRY(archive::copy_content(ctx, source, out.get(), info.st_size, false));
  timespec times[2] = {info.st_mtim, info.st_mtim};
  if (futimens(out.get(), times) < 0 || rename(fresh.c_str(), path.c_str()) < 0) return fail_errno("Failed creating " + path);
  return {};
}

/// The copy that all machines share by hard links, apart from our own program, whose mode and owner are not ours to change.
Result<std::string> shared_agent(const Context& ctx, const core::Paths& paths, int source, const struct stat& info) {
  std::string folder = paths.in_var("guestapi-agent"), path = folder + "/incus-agent";
  TRY(make_folder(folder, 0700));
  struct stat present;
  if (stat(path.c_str(), &present) == 0 && same_file(present, info)) return path;
  TRY(copy_agent(ctx, source, info, path));
  return path;
}

Result<> install_agent(const Context& ctx, const Instance& instance, const std::string& folder) {
  UniqueFd source = TRY(open_agent(instance.view()->row.architecture));
  struct stat info, present;
  if (fstat(source.get(), &info) < 0) return fail_errno("Failed reading the agent");
  std::string path = folder + "/incus-agent";
  if (stat(path.c_str(), &present) == 0 && same_file(present, info)) return {};
  std::string shared = TRY(shared_agent(ctx, instance.services().paths, source.get(), info));
  unlink(path.c_str());
  if (link(shared.c_str(), path.c_str()) == 0) return {};
  return copy_agent(ctx, source.get(), info, path);  // another file system
}

/// A folder that is made anew at each start.
Result<UniqueFd> fresh_folder(const Context& ctx, const std::string& path) {
  TRY(archive::remove_tree(ctx, path, 1));  // a handful of files: threads would take longer
  TRY(make_folder(path));
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_errno("Failed opening " + path);
  return fd;
}

Result<> write_templates(const Context& ctx, const InstancePtr& instance, const std::string& trigger, const std::string& path) {
  UniqueFd folder = TRY(fresh_folder(ctx, path));
  if (!trigger.empty()) TRY(render_templates(ctx, instance, trigger, folder.get()));
  TRY(render_templates(ctx, instance, "start", folder.get()));
  auto metadata = read_file(instance->mounted.path + "/metadata.yaml");
  return metadata ? write_file_atomic(path + "/metadata.yaml", *metadata, 0400) : Result<>();
}

/// agent.nic_config: the agent gives interfaces the names and MTUs that their devices have.
Result<> write_nics(const Context& ctx, const View& view, const std::string& path) {
  TRY(fresh_folder(ctx, path));
  if (!is_true(get_or(view.config, "agent.nic_config"))) return {};
  for (const auto& [name, config] : view.devices) {
    if (get_or(config, "type") != "nic" || name.contains('/')) continue;
    auto stored = [&](const char* key) { return get_or(config, key, get_or(view.row.config, std::format("volatile.{}.{}", name, key))); };
    Json nic = {{"device_name", name}, {"nic_name", stored("name")}, {"mac_address", to_lower(stored("hwaddr"))}, {"mtu", parse_uint(get_or(config, "mtu")).value_or(0)}};
    TRY(write_file_atomic(std::format("{}/{}.json", path, name), api::dump_json(nic), 0700));
  }
  return {};
}

Result<> write_identity(const std::string& volume, const std::string& folder) {
  AgentIdentity identity = TRY(agent_identity(volume));
  TRY(put(folder + "/server.crt", identity.client_certificate, 0400));
  TRY(put(folder + "/agent.crt", identity.agent_certificate, 0400));
  return put(folder + "/agent.key", TRY(read_file(volume + "/agent.key")), 0400);
}

Result<> write_fixed(const std::string& folder) {
  for (const imagefmt::AgentFile& file : imagefmt::agent_files()) {
    std::string path = folder + "/" + file.path;
    TRY(make_folder(std::filesystem::path(path).parent_path()));
    TRY(put(path, file.text, file.mode));
  }
  // Guests installed for the older project look for that name.
  if (symlink("incus-agent", (folder + "/lxd-agent").c_str()) < 0 && errno != EEXIST) return fail_errno("Failed writing the config drive");
  return {};
}

/// All but the agent, which is not this machine's alone.
Result<> hand_over(const std::string& folder, uid_t owner) {
  if (owner == 0) return {};
  std::error_code error;
  auto give = [&](const std::string& path) { return lchown(path.c_str(), owner, static_cast<gid_t>(-1)) == 0; };
  bool done = give(folder);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error)) {
    if (entry.path().filename() != "incus-agent") done = give(entry.path()) && done;
  }
  return done && !error ? Result<>() : fail(Code::internal, "Failed handing the config drive to QEMU's user");
}

/// Made again where it is missing or was cut short by a crash: nobody else knows it, so nothing waits for the disk.
Result<http::KeyPair> pair_at(const std::string& base, http::CertificateUse use) {
  auto certificate = read_file(base + ".crt"), key = read_file(base + ".key");
  if (certificate && key && key->starts_with("-----BEGIN") && http::parse_certificate(*certificate)) return http::KeyPair{*certificate, *key};
  http::KeyPair pair = TRY(http::generate_certificate(use, {}, http::Curve::p256));
  TRY(write_file_atomic(base + ".key", pair.key_pem, 0600));
  TRY(write_file_atomic(base + ".crt", pair.certificate_pem, 0644));
  return pair;
}

/// What an image of `folder` would hold: names, modes and contents; of large files (the agent) which file it is. Empty if it can't be read.
std::string digest_of(const std::string& folder) {
  constexpr int64_t kSmall = 64 << 10;
  std::set<std::string> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error)) paths.insert(entry.path());
  archive::Hash hash;
  for (const std::string& path : paths) {
    struct stat info;
    if (error || lstat(path.c_str(), &info) != 0) return "";
    bool small = S_ISREG(info.st_mode) && info.st_size <= kSmall;
    hash.update(std::format("{} {} {} ", path.substr(folder.size()), info.st_mode, S_ISREG(info.st_mode) ? info.st_size : 0));
    if (S_ISLNK(info.st_mode)) hash.update(std::filesystem::read_symlink(path, error).string());
    if (small) hash.update(read_file(path).value_or("?"));
    else if (S_ISREG(info.st_mode)) hash.update(std::format("{} {} {}", info.st_ino, info.st_mtim.tv_sec, info.st_mtim.tv_nsec));
  }
  return error ? "" : hash.hex();
}

bool wants_linux_agent(const View& view) {
  std::string os = to_lower(get_or(view.config, "image.os"));
  return !os.contains("windows") && !os.contains("freebsd") && !os.contains("macos") && !os.contains("darwin");
}

}  // namespace

Result<AgentIdentity> agent_identity(const std::string& volume) {
  auto agent = TRY(pair_at(volume + "/agent", http::CertificateUse::server));
  auto client = TRY(pair_at(volume + "/agent-client", http::CertificateUse::client));
  return AgentIdentity{.client_certificate = client.certificate_pem, .client_key = client.key_pem, .agent_certificate = agent.certificate_pem};
}

Result<std::string> agent_certificate(const std::string& volume) { return read_file(volume + "/agent.crt", 64 << 10); }

Result<std::string> write_config_drive(const Context& ctx, const InstancePtr& instance, const ConfigDrive& drive) {
  const std::string& volume = instance->mounted.path;
  std::string folder = volume + "/config";
  ViewPtr view = instance->view();
  TRY(make_folder(folder));
  if (wants_linux_agent(*view)) {
    TRY_CTX(install_agent(ctx, *instance, folder), "Failed installing the agent");
    TRY(write_fixed(folder));
  }
  TRY(write_identity(volume, folder));
  TRY(write_templates(ctx, instance, drive.trigger, folder + "/files"));
  TRY(write_nics(ctx, *view, folder + "/nics"));
  TRY(put(folder + "/agent.conf", drive.connection.json() + "\n", 0400));
  TRY(hand_over(folder, drive.owner));
  return folder;
}

Result<> write_agent_mounts(const std::string& volume, const std::vector<device::ShareEntry>& shares, uid_t owner) {
  Json mounts = Json::array();
  for (const device::ShareEntry& share : shares) {
    StringList options = share.options;
    if (share.readonly && !contains(options, "ro")) options.push_back("ro");
    // As much at a time as the guest's kernel can: its own choice is small.
    if (share.socket.empty()) options.insert(options.end(), {"trans=virtio", "msize=33554432"});
    mounts.push_back({{"source", share.tag}, {"target", share.target}, {"fstype", share.socket.empty() ? "9p" : "virtiofs"}, {"options", options}});
  }
  TRY(put(volume + "/config/agent-mounts.json", api::dump_json(mounts), 0400));
  return hand_over(volume + "/config", owner);
}

Result<std::string> make_agent_iso(const Context& ctx, const std::string& volume) {
  std::string path = volume + "/agent.iso", note = path + ".sha256", digest = digest_of(volume + "/config");
  if (!digest.empty() && read_file(note).value_or("") == digest && access(path.c_str(), R_OK) == 0) return path;
  TRY_CTX(imagefmt::write_iso(ctx, volume + "/config", "incus-agent", path), "Failed making the agent's config drive");
  TRY(write_file_atomic(note, digest, 0400));
  return path;
}

Result<std::string> make_cloud_init_iso(const Context& ctx, const InstancePtr& instance) {
  ViewPtr view = instance->view();
  const std::string& volume = instance->mounted.path;
  std::string folder = volume + "/cloud-init.new", path = volume + "/config.iso";
  TRY(fresh_folder(ctx, folder));
  auto key = [&](const std::string& name) { return get_or(view->config, "cloud-init." + name, get_or(view->config, "user." + name)); };
  auto write_to = [&]() -> Result<> {
    for (const char* name : {"vendor-data", "user-data", "network-config"}) {
      std::string text = key(name);
      if (text.empty() && std::string_view(name) == "network-config") continue;
      TRY(write_file_atomic(folder + "/" + name, text.empty() ? "#cloud-config\n{}" : text, 0400));
    }
    std::string meta = std::format("instance-id: {0}\nlocal-hostname: {0}\n{1}\n", view->row.name, get_or(view->config, "user.meta-data"));
    TRY(write_file_atomic(folder + "/meta-data", meta, 0400));
    return imagefmt::write_iso(ctx, folder, "cidata", path);
  };
  auto written = write_to();
  (void)archive::remove_tree(Context::detached(seconds(10)), folder);  // what is left would be overwritten next time
  if (!written) return std::unexpected(std::move(written).error().wrap("Failed making the cloud-init drive"));
  return path;
}

}  // namespace instance::qemu
