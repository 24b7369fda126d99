#include "imagefmt/template.h"

#include <catch2/catch_test_macros.hpp>

namespace {
const Json kVariables = {{"instance", {{"name", "c1"}, {"privileged", "false"}}},
                         {"config", {{"user.foo", "bar\n"}, {"user.a", "1"}}},
                         {"devices", {{"eth0", {{"type", "nic"}}}}},
                         {"properties", {{"default", "x"}}}};
std::string render(std::string_view text) {
  auto result = imagefmt::render_template(text, kVariables);
  return result ? *result : "error: " + result.error().message();
}
}  // namespace

TEST_CASE("templates: variables, filters, functions") {
  CHECK(render("name: {{ instance.name }}\n") == "name: c1\n");
  CHECK(render("{{ config_get(\"user.foo\", \"none\") }}") == "bar");
  CHECK(render("{{ config_get(\"user.bar\", \"none\") }}") == "none");
  CHECK(render("{{ missing|default:\"d\"|upper }}") == "D");
  CHECK(render("{{ properties.default }}{# gone #}") == "x");
  CHECK(render("{{ devices.eth0.type }}{{ nothing.at.all }}") == "nic");
  CHECK(render("{{ config[\"user.a\"] }}") == "1");
}

TEST_CASE("templates: conditions and loops") {
  CHECK(render("{% if config_get(\"user.foo\", \"\") == \"bar\" %}yes{% else %}no{% endif %}") == "yes");
  CHECK(render("{% if not instance.name or missing %}a{% elif instance.name == \"c1\" %}b{% endif %}") == "b");
  CHECK(render("{% for key, value in config %}{{ key }}={{ value|trim }};{% endfor %}") == "user.a=1;user.foo=bar;");
  CHECK(render("{% for d in devices %}{{ d }}{% endfor %}{% for x in missing %}{% empty %}none{% endfor %}") == "eth0none");
  CHECK(render("{% set x = 1 + 2 * 3 %}{{ x }}") == "7");
}

TEST_CASE("templates: filters of texts and lists, comments, space") {
  CHECK(render("{{ \"abcdef\"|slice:\"1:3\" }}{{ \"abc\"|slice:\":-1\" }}{{ \"abc\"|slice:\"5:\" }}") == "bcab");
  CHECK(render("{{ \"abc\"|make_list|join:\"-\" }} {{ \"a b\"|wordcount }} {{ \"abc\"|length_is:3 }}") == "a-b-c 2 True");
  CHECK(render("{{ \"abcdefgh\"|truncatechars:6 }} {{ 9|divisibleby:3 }} {{ 9|divisibleby:0 }} item{{ 2|pluralize }}") == "abc... True False items");
  CHECK(render("a \n {%- if 1 -%} \n b \n {%- endif %} c") == "ab c");
  CHECK(render("x{% comment %} {{ broken {% if %} }} {% endcomment %}y") == "xy");
}

TEST_CASE("templates: as Pongo2 has it") {
  CHECK(render("{{ 5|add:2 }} {{ \"5\"|add:3 }} {{ \"a\"|add:\"b\" }}") == "7 53 ab");
  CHECK(render("{{ \"a b&c/d\"|urlencode }}") == "a+b%26c%2Fd");
  CHECK(render("{% with w=1 + 1 %}{{ w }}{% endwith %}[{{ w }}]") == "2[]");
  CHECK(render("{% with w %}{% endwith %}").starts_with("error: Line 1: with needs"));
  CHECK(render("{% with w=1 %}").starts_with("error: Line 1"));
}

TEST_CASE("templates: mistakes are named, not followed") {
  CHECK(render("{% if x %}").starts_with("error: Line 1"));
  CHECK(render("\n{{ \"abc }}").starts_with("error: Line 2"));
  CHECK(render("{% include \"/etc/shadow\" %}").starts_with("error: Line 1: Unknown tag"));
  CHECK(render("{{ x|nofilter }}").starts_with("error: Unknown filter"));
}
