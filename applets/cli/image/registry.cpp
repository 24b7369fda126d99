#include "applets/cli/image/registry.h"

#include "api/json.h"
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

}  // namespace cli
