#include "applets/cli/image/registry.h"

#include <cerrno>

#include "api/json.h"
#include "oci/signature.h"
#include "sys/spawn.h"

namespace cli {

Result<std::string> server_address(const Context& ctx, const Remote& remote) {
  const std::string& address = remote.addresses.front();
  if (remote.protocol != "oci" || remote.credentials_helper.empty()) return address;
  size_t place = address.find("://") + 3;
  std::string host = address.substr(place, address.find('/', place) - place);
  sys::SpawnSpec helper{.argv = {remote.credentials_helper, "get"}};
  helper.inherit_stdio = true;
  auto output = TRY_CTX(sys::run(ctx, std::move(helper), {.input = host}), "Failed to ask the credentials helper");
  Json answer = TRY_CTX(api::parse_json(output.out), "The credentials helper's answer is unusable");
  auto text = [&](const char* key) { return answer.is_object() && answer.contains(key) && answer[key].is_string() ? answer[key].get<std::string>() : ""; };
  return address.substr(0, place) + url_escape(text("Username")) + ":" + url_escape(text("Secret")) + "@" + address.substr(place);
}

Result<std::string> signing_keys(const Config& config, const std::string& remote) {
  constexpr size_t kMost = 64 << 10;
  std::string path = config.folder() + "/ocikeys/" + remote + ".pub";
  auto text = read_file(path, kMost);
  if (!text && text.error().sys_errno() == ENOENT) return "";
  std::string keys = oci::public_keys_in(TRY(std::move(text)));
  if (keys.empty()) return fail(Code::invalid, "{} has no public key in PEM", path);
  return keys;
}

}  // namespace cli
