#include <catch2/catch_test_macros.hpp>
#include <cerrno>
#include <cstring>

#include "instance/lxc/notify_message.h"
#include "instance/lxc/seccomp.h"

using namespace instance::lxc;

namespace {

/// What liblxc's monitor sends for a call with id 7.
std::string message_of(const std::string& cookie, uint16_t size_of_data = sizeof(seccomp_data), uint64_t reserved = 0) {
  struct {
    uint64_t reserved;
    int32_t monitor = 100, init = 101;
    uint16_t sizes[3] = {sizeof(seccomp_notif), sizeof(seccomp_notif_resp), sizeof(seccomp_data)};
    uint16_t padding = 0;
    uint64_t cookie_length;
    seccomp_notif request{};
    seccomp_notif_resp response{};
  } message{.reserved = reserved, .cookie_length = cookie.size()};
  message.sizes[2] = size_of_data;
  message.request.id = 7;
  message.request.data.nr = 133;
  return std::string(reinterpret_cast<const char*>(&message), sizeof message) + cookie;
}

seccomp_notif_resp response_in(const std::string& answer) {
  seccomp_notif_resp response;
  REQUIRE(answer.size() >= sizeof response);
  memcpy(&response, answer.data() + answer.size() - sizeof response, sizeof response);
  return response;
}

}  // namespace

TEST_CASE("a forwarded system call is read and answered", "[notify]") {
  std::string message = message_of("project_c1");
  auto call = parse_notification(message);
  REQUIRE(call);
  CHECK(call->cookie == "project_c1");
  CHECK(call->monitor == 100);
  CHECK(call->init == 101);
  CHECK(call->request.data.nr == 133);

  std::string answer = render_answer(message, {.value = 0, .error = -EEXIST, .flags = 0});
  CHECK(answer.size() == message.size() - call->cookie.size());
  CHECK(answer.substr(0, 32) == message.substr(0, 32));
  seccomp_notif_resp response = response_in(answer);
  CHECK(response.id == 7);
  CHECK(response.error == -EEXIST);
  CHECK(response.flags == 0);
}

TEST_CASE("a call that goes on has no result", "[notify]") {
  seccomp_notif_resp response = response_in(render_answer(message_of("c1"), {.value = 5, .error = -EPERM, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE}));
  CHECK(response.flags == SECCOMP_USER_NOTIF_FLAG_CONTINUE);
  CHECK(response.error == 0);
  CHECK(response.val == 0);
}

TEST_CASE("forwarded calls that can't be understood are refused", "[notify]") {
  std::string message = message_of("c1");
  CHECK_FALSE(parse_notification(""));
  CHECK_FALSE(parse_notification(message.substr(0, message.size() - 3)));
  CHECK_FALSE(parse_notification(message + "x"));
  CHECK_FALSE(parse_notification(message_of("c1", sizeof(seccomp_data) + 8)));
  CHECK_FALSE(parse_notification(message_of("c1", sizeof(seccomp_data), 1)));
}

TEST_CASE("interception is part of the policy of unprivileged containers", "[notify]") {
  StringMap config = {{"security.syscalls.intercept.mount", "true"}};
  CHECK(seccomp_policy(config, false, "x86_64")->contains("\nmount notify "));
  CHECK_FALSE(seccomp_policy(config, true, "x86_64")->contains("notify"));
  config["security.syscalls.intercept.mount"] = "false";
  CHECK_FALSE(needs_intercept(config, false));
}
