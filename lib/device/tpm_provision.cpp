#include "device/tpm_provision.h"

#include <sys/stat.h>

#include <filesystem>

#include "archive/remove_tree.h"
#include "base/log.h"
#include "sys/spawn.h"

namespace device {
namespace {

/// What was left by a daemon that was killed goes first.
Result<> make_anew(const Context& ctx, const std::string& folder) {
  TRY(archive::remove_tree(ctx, folder));
  if (mkdir(folder.c_str(), 0700) != 0) return fail_errno("Failed to create device path " + folder);
  return {};
}

bool has_state(const std::string& folder) {
  std::error_code error;
  return std::filesystem::is_directory(folder, error) && !std::filesystem::is_empty(folder, error);
}

Result<> write_ca(const std::string& folder, const std::string& certificate, const std::string& key) {
  TRY(write_file_atomic(folder + "/issuercert.pem", certificate, 0600));
  TRY(write_file_atomic(folder + "/signkey.pem", key, 0600));
  TRY(write_file_atomic(folder + "/localca.conf", std::format("statedir = {0}\nsigningkey = {0}/signkey.pem\nissuercert = {0}/issuercert.pem\ncertserial = {0}/serial\n", folder), 0600));
  return write_file_atomic(folder + "/setup.conf", std::format("create_certs_tool = swtpm_localca\ncreate_certs_tool_config = {}/localca.conf\nactive_pcr_banks = sha256\n", folder), 0600);
}

Result<> set_up(const Context& ctx, const std::string& state, const std::string& scratch) {
  TRY_CTX(sys::run(ctx, {"swtpm_setup", "--tpm2", "--tpmstate", state, "--create-ek-cert", "--create-platform-cert", "--lock-nvram", "--config", scratch + "/setup.conf"}),
          "Failed provisioning the TPM (instances.tpm.platform_cert)");
  return {};
}

}  // namespace

Result<> provision_tpm(const Context& ctx, const std::string& state, const std::string& scratch, const StringMap& server_config) {
  if (has_state(state)) return {};
  std::string certificate = get_or(server_config, "instances.tpm.platform_cert"), key = get_or(server_config, "instances.tpm.platform_key");
  if (certificate.empty() != key.empty()) log_warn("instances.tpm.platform_cert and instances.tpm.platform_key have no effect one without the other");
  if (certificate.empty() || key.empty()) return mkdir(state.c_str(), 0700) == 0 || errno == EEXIST ? Result<>() : fail_errno("Failed to create device path " + state);
  if (!sys::find_program("swtpm_setup")) return fail(Code::unsupported, "Required tool 'swtpm_setup' is missing: install swtpm-tools");
  std::string made = state + ".new";
  TRY(make_anew(ctx, made));
  TRY(make_anew(ctx, scratch));
  auto written = write_ca(scratch, certificate, key);
  auto done = written ? set_up(ctx, made, scratch) : std::move(written);
  TRY(archive::remove_tree(Context::detached(seconds(10)), scratch));
  if (!done) return (void)archive::remove_tree(Context::detached(seconds(10)), made), done;
  if (rmdir(state.c_str()) != 0 && errno != ENOENT) return fail_errno("Failed to replace " + state);
  if (rename(made.c_str(), state.c_str()) != 0) return fail_errno("Failed to rename " + made);
  return {};
}

}  // namespace device
