#include <catch2/catch_test_macros.hpp>
#include <thread>

#include "starlark/machine.h"

using namespace starlark;

namespace {

struct Printed : Host {
  void print(std::string_view text) override { lines += std::string(text) + "\n"; }
  std::string lines;
};

Result<Value> fn_twice(Call& call) { return integer(2 * TRY(call.number(call.args[0], 0))); }
constexpr Row kRows[] = {{"twice", fn_twice, 1, 1}};

/// What the program's variable `r` is in the end, else the error.
std::string run(std::string_view source, Limits limits = {}) {
  auto program = Program::compile("t", source, kRows);
  if (!program) return program.error().message();
  Printed host;
  Machine machine(*program, host, limits);
  auto done = machine.init();
  if (!done) return "error: " + done.error().message();
  Value out = machine.global("r");
  return host.lines + (out ? repr(out) : "");
}
std::string eval(std::string_view expression) { return run("r = " + std::string(expression) + "\n"); }

struct Case {
  std::string_view source, want;
};

/// The specification's sections in their order: the expression, its value or the error.
constexpr Case kExpressions[] = {
    // Literals and conversions.
    {"[0x1f, 0o17, 0b101, 1e3, .5, 1.]", "[31, 15, 5, 1000.0, 0.5, 1.0]"},
    {R"("a\tb\x41\u00e9\"" + 'x' + r"\n" + """q
z""")", "\"a\\tbAé\\\"x\\\\nq\\nz\""},
    {R"([b"a\xff", type(b""), b"ab"[1], 97 in b"abc"])", R"([b"a\xff", "bytes", b"b", True])"},
    {"[bool(0), bool(\"\"), bool([0]), int(\"-0x1f\", 16), int(3.9), float(\"1e2\"), str(1.5), repr(\"x\")]", R"([False, False, True, -31, 3, 100.0, "1.5", "\"x\""])"},
    {"[int(\"0b11\", 0), int(\"zz\", 36), int(True)]", "[3, 1295, 1]"},
    {"[1e21, 1e20, 1e-5, 0.0001, float(\"inf\"), float(\"-inf\"), -0.0]", "[1e+21, 1e+20, 1e-05, 0.0001, +inf, -inf, -0.0]"},
    {"[type(x) for x in [None, True, 1, 1.0, \"\", [], (), {}, set(), range(1), len, lambda: 0]]",
     R"(["NoneType", "bool", "int", "float", "string", "list", "tuple", "dict", "set", "range", "builtin_function_or_method", "function"])"},
    // Arithmetic.
    {"[7 // 2, -7 // 2, 7 % -3, -7 % 3, 7 / 2, 5.5 // 2, -5.5 % 2, 1 << 10, -8 >> 1, ~5, 6 & 3, 6 | 3, 6 ^ 3]", "[3, -4, -2, 2, 3.5, 2.0, 0.5, 1024, -4, -6, 2, 7, 5]"},
    {"9223372036854775807 + 1", "error: int result does not fit in 64 bits"},
    {"1 << 63", "error: int result does not fit in 64 bits"},
    {"1 // 0", "error: floored division by zero"},
    {"1.0 % 0", "error: floating-point modulo by zero"},
    {"1 + \"a\"", "error: unknown binary op: int + string"},
    {"-\"a\"", "error: unknown unary op: - string"},
    {"[1, 2] + [3] + [4] * 2", "[1, 2, 3, 4, 4]"},
    {"(1,) * 3 + ()", "(1, 1, 1)"},
    {"\"ab\" * 3", "\"ababab\""},
    {"\"x\" * 1000000000000", "error: repeat count 1000000000000 too large"},
    // Comparison and membership.
    {"[1 == 1.0, 1 < 2.5, \"a\" < \"b\", [1, 2] < [1, 3], (1,) < (1, 0), True > False, {1: 2} == {1: 2.0}, None == 0]", "[True, True, True, True, True, True, True, False]"},
    {"[9007199254740993 == 9007199254740992.0, float(\"nan\") > float(\"inf\")]", "[False, True]"},
    {"1 < \"a\"", "error: int < string not implemented"},
    {"{} < {}", "error: dict < dict not implemented"},
    {"[2 in [1, 2], 3 not in (1, 2), \"b\" in \"abc\", \"k\" in {\"k\": 1}, 4 in range(0, 10, 2), 5 in range(0, 10, 2), [] in {}]", "[True, True, True, True, True, False, False]"},
    {"1 in \"abc\"", "error: 'in <string>' requires string as left operand, not int"},
    {"[1 and 0, 0 or \"x\", not [], 1 if [] else 2]", "[0, \"x\", True, 2]"},
    // Indexing and slices.
    {"[\"abc\"[-1], [1, 2, 3][1:], \"abcdef\"[::-2], (1, 2, 3)[:-1], range(10)[2:8:3], \"abc\"[5:], [1, 2, 3][-2:-9:-1]]", R"(["c", [2, 3], "fdb", (1, 2), range(2, 8, 3), "", [2, 1]])"},
    {"[1, 2][2]", "error: list index 2 out of range [-2:1]"},
    {"[][0]", "error: index 0 out of range: empty list"},
    {"{\"a\": 1}[\"b\"]", "error: key \"b\" not in dict"},
    {"{[]: 1}", "error: unhashable type: list"},
    {"{1: 2, 1.0: 3}", "error: duplicate key: 1.0"},
    {"[1][::0]", "error: zero is not a valid slice step"},
    // Comprehensions, functions, calls.
    {"[x * y for x in range(3) if x for y in [10, 20]]", "[10, 20, 20, 40]"},
    {"{k: v for k, v in [(1, 2), (3, 4)]}", "{1: 2, 3: 4}"},
    {"(lambda a, b=2, *c, d, e=5, **f: (a, b, c, d, e, f))(1, 3, 4, d=6, g=7)", "(1, 3, (4,), 6, 5, {\"g\": 7})"},
    {"(lambda a: a)()", "error: function lambda missing 1 argument (a)"},
    {"(lambda a: a)(1, 2)", "error: function lambda accepts 1 positional argument (2 given)"},
    {"(lambda a: a)(b=1)", "error: function lambda got an unexpected keyword argument \"b\""},
    {"(lambda: 0)(1)", "error: function lambda accepts no arguments (1 given)"},
    {"(lambda *a, **k: (a, k))(*[1, 2], **{\"x\": 3})", "((1, 2), {\"x\": 3})"},
    {"1(2)", "error: invalid call of non-function (int)"},
    {"twice(21)", "42"},
    {"twice(\"a\")", "error: twice: for parameter 1: got string, want int"},
    // Built-in functions.
    {"[abs(-3), all([1, 0]), any([0, 1]), len(\"abc\"), max(3, 1, 2), min([\"bb\", \"a\"], key=len), sorted([3, 1, 2], reverse=True), reversed([1, 2])]",
     "[3, False, True, 3, 3, \"a\", [3, 2, 1], [2, 1]]"},
    {"[enumerate([\"a\"], 1), zip([1, 2], \"ab\".elems()), list(range(5, 0, -2)), tuple([1]), dict([(1, 2)], a=3), dir({})[:2]]",
     R"([[(1, "a")], [(1, "a"), (2, "b")], [5, 3, 1], (1,), {1: 2, "a": 3}, ["clear", "get"]])"},
    {"[chr(233), ord(\"é\"), hash(\"abc\"), hasattr([], \"pop\"), getattr(\"\", \"nope\", 5)]", "[\"é\", 233, 96354, True, 5]"},
    {"sorted([1, \"a\"])", "error: string < int not implemented"},
    {"[sorted([\"b\", \"A\", \"a\"], key=lambda s: s.lower())]", "[[\"A\", \"a\", \"b\"]]"},
    {"len(1)", "error: len: value of type int has no len"},
    {"min([])", "error: min: argument is an empty sequence"},
    {"range(1, 2, 0)", "error: range: step argument must not be zero"},
    {"fail(\"a\", 1, sep=\"-\")", "error: fail: a-1"},
    {"int(\"x\")", "error: int: invalid literal with base 10: x"},
    {"sorted(iterabel=[])", "error: sorted: unexpected keyword argument \"iterabel\" (did you mean iterable?)"},
    // Strings.
    {"[\"a,b,,c\".split(\",\"), \" a  b \".split(), \"a b c\".rsplit(None, 1), \"a.b.c\".rsplit(\".\", 1), \"a\\nb\\n\".splitlines()]",
     R"([["a", "b", "", "c"], ["a", "b"], ["a b", "c"], ["a.b", "c"], ["a", "b"]])"},
    {"[\"banana\".count(\"an\"), \"banana\".find(\"nan\"), \"banana\".rfind(\"an\"), \"banana\".replace(\"a\", \"o\", 2), \"x\".replace(\"\", \"-\"), \"ab\".index(\"b\")]", R"([2, 2, 3, "bonona", "-x-", 1])"},
    {"[\"  x \".strip(), \"xxaxx\".strip(\"x\"), \"ab\".lstrip(\"a\"), \"aXb\".partition(\"X\"), \"a.b.c\".rpartition(\".\")]", R"(["x", "a", "b", ("a", "X", "b"), ("a.b", ".", "c")])"},
    {"[\"aBc\".upper(), \"aBc\".lower(), \"hello world\".title(), \"hELLO\".capitalize(), \"A b\".istitle(), \"ab1\".isalnum(), \"\".isdigit(), \"12\".isdigit()]",
     R"(["ABC", "abc", "Hello World", "Hello", False, True, False, True])"},
    {"[\"ab\".startswith((\"x\", \"a\")), \"ab\".endswith(\"b\"), \"-\".join([\"a\", \"b\"]), \"prefix\".removeprefix(\"pre\"), list(\"é\".codepoint_ords())]", R"([True, True, "a-b", "fix", [233]])"},
    {"\"{} {x!r} {{}} {}\".format(1, 2, x=\"y\")", "\"1 \\\"y\\\" {} 2\""},
    {"\"{0} {}\".format(1)", "error: format: cannot switch from manual field specification to automatic field numbering"},
    {"\"{\".format()", "error: format: unmatched '{' in format"},
    {"\"%s %r %d %x %c %5\" % (1, \"a\", 2.0, 255, \"z\")", "error: not enough arguments for format string"},
    {"\"%s %r %d %x %c %.\" % (1, \"a\", 2.0, 255, \"z\", 1)", "error: unknown conversion %."},
    {"\"%s %r %d %x %c %% %g %f\" % (\"é\", \"a\", 2.0, 255, \"z\", 1, 2)", "\"é \\\"a\\\" 2 ff z % 1.0 2.000000\""},
    {"\"%(a)s-%(b)d\" % {\"a\": 1, \"b\": 2}", "\"1-2\""},
    {"\"%d\" % \"a\"", "error: %d format requires integer: cannot convert string to int"},
    {"\"\".nope", "error: string has no .nope field or method"},
    {"[].apend", "error: list has no .apend field or method (did you mean .append?)"},
    // Dicts and sets.
    {"[{1: 2}.get(3), {1: 2}.get(1), {1: 2}.items(), {1: 2}.keys(), {1: 2}.values(), {1: 2} | {1: 3, 4: 5}]", "[None, 2, [(1, 2)], [1], [2], {1: 3, 4: 5}]"},
    {"[set([1, 2]) | set([3]), set([1, 2]) & set([2]), set([1, 2]) - set([2]), set([1, 2]) ^ set([2, 3]), set([1]) < set([1, 2]), set([1, 2]).issuperset([1])]",
     "[set([1, 2, 3]), set([2]), set([1]), set([1, 3]), True, True]"},
};

/// Whole programs.
constexpr Case kPrograms[] = {
    {"def f(n):\n  out = []\n  for i in range(n):\n    if i == 1:\n      continue\n    elif i == 4:\n      break\n    else:\n      out.append(i)\n  return out\nr = f(9)\n", "[0, 2, 3]"},
    {"def make():\n  n = [0]\n  def next():\n    n[0] += 1\n    return n[0]\n  return next\nf = make()\nr = [type(f), type(make)]\n", "[\"function\", \"function\"]"},
    {"def make(k):\n  def add(x): return x + k\n  return add\nr = [make(1)(1), make(10)(1)]\n", "[2, 11]"},
    {"def f():\n  x = [1]\n  y = x\n  x += [2]\n  d = {\"a\": 1}\n  d[\"a\"] += 4\n  d |= {\"b\": 2}\n  (a, b), [c] = (1, 2), [3]\n  return y, d, a, b, c\nr = f()\n", R"(([1, 2], {"a": 5, "b": 2}, 1, 2, 3))"},
    {"r = 1; s = 2\nprint(r, s, sep=\"/\")\n", "1/2\n1"},
    {"# only a comment\n\n\tr = 1\n", "t:3:2: got indent, want primary expression"},
    {"r = [\n  1,\n  2,\n]  # over lines\n", "[1, 2]"},
    {"def f():\n    x = 1\n  y = 2\n", "t:3:3: unindent does not match any outer indentation level"},
    {"a = 1\na = 2\n", "t:2:1: cannot reassign global a declared at t:1:1"},
    {"r = foo\n", "t:1:5: undefined: foo"},
    {"name = 1\nr = nam\n", "t:2:5: undefined: nam (did you mean name?)"},
    {"if True: pass\n", "t:1:1: if statement not within a function"},
    {"for x in []: pass\n", "t:1:1: for loop not within a function"},
    {"def f():\n  while True: pass\n", "t:2:3: this Starlark dialect does not support while loops"},
    {"return 1\n", "t:1:1: return statement not within a function"},
    {"def f():\n  break\n", "t:2:3: break not in a loop"},
    {"def f(a, a): pass\n", "t:1:10: duplicate parameter: a"},
    {"def f(a=1, b): pass\n", "t:1:12: required parameter may not follow optional"},
    {"f = len(*[], 1)\n", "t:1:14: positional argument may not follow *args"},
    {"1 = 2\n", "t:1:1: can't assign to literal"},
    {"len() = 2\n", "t:1:1: can't assign to callexpr"},
    {"x = (1\n", "t:2:1: got end of file, want ')'"},
    {"x = )\n", "t:1:5: unexpected ')'"},
    {"x = 1 < 2 < 3\n", "t:1:12: < does not associate with < (use parens)"},
    {"x = 'a\n", "t:1:5: unexpected newline in string"},
    {"x = '''a\n", "t:1:5: unexpected EOF in string"},
    {"x = \"\\q\"\n", "t:1:5: invalid escape sequence \\q"},
    {"x = 0755\n", "t:1:9: obsolete form of octal literal; use 0o755"},
    {"x = 99999999999999999999\n", "t:1:5: int literal 99999999999999999999 does not fit in 64 bits"},
    {"class A: pass\n", "t:1:1: got class, want primary expression"},
    {"x = 1 $ 2\n", "t:1:7: unexpected input character '$'"},
    {"load(\"a\", \"b\")\n", "error: load not implemented by this application"},
    {"def f(): return f()\nr = f()\n", "error: function f called recursively"},
    {"def f():\n  y = x\n  x = 1\nr = f()\n", "error: local variable x referenced before assignment"},
    {"def f(): return g\nr = f()\ng = 1\n", "error: global variable g referenced before assignment"},
    {"def f():\n  x = [1]\n  for i in x: x.append(2)\nr = f()\n", "error: append: cannot append to list during iteration"},
    {"def f():\n  a, b = [1, 2, 3]\nr = f()\n", "error: too many values to unpack (got 3, want 2)"},
    {"def f():\n  for x in \"abc\": pass\nr = f()\n", "error: string value is not iterable"},
    {"def f():\n  x = [1]\n  x.append(x)\n  y = {1: x}\n  y[2] = y\n  return x, y\nr = f()\n", "([1, [...]], {1: [1, [...]], 2: {...}})"},
};

}  // namespace

TEST_CASE("starlark: expressions") {
  for (const Case& item : kExpressions) {
    INFO(item.source);
    CHECK(eval(item.source) == item.want);
  }
}

TEST_CASE("starlark: programs and what is wrong with them") {
  for (const Case& item : kPrograms) {
    INFO(item.source);
    CHECK(run(item.source) == item.want);
  }
}

TEST_CASE("starlark: functions called from outside, frozen variables, the path of calls") {
  auto program = Program::compile("t", "seen = []\ndef inner(x):\n  return seen.append(x)\ndef outer(x):\n  y = 1\n  return inner(x)\n", {});
  REQUIRE(program);
  Host host;
  Machine machine(*program, host);
  REQUIRE(machine.init());
  CHECK_FALSE(machine.global("nothing"));
  auto out = machine.call(machine.global("outer"), {}, {{"x", machine.text("a")}});
  REQUIRE_FALSE(out);
  CHECK(out.error().message() == "append: cannot append to frozen list");
  CHECK(machine.backtrace() == std::vector<std::string>{"t:6:15: in outer", "t:3:21: in inner", "<builtin>: in append"});
}

TEST_CASE("starlark: every program ends, in bounded memory and stack") {
  constexpr Case kEndless[] = {
      {"def f():\n  for i in range(1000000000): pass\nr = f()\n", "error: Starlark computation cancelled: too many steps"},
      {"def f():\n  x = [0]\n  for i in range(60):\n    x += x\n  return len(x)\nr = f()\n", "error: Starlark computation cancelled: out of memory"},
      {"def f():\n  x = \"aaaaaaaa\"\n  for i in range(60): x += x\nr = f()\n", "error: Starlark computation cancelled: out of memory"},
      {"r = \"a\" * 1000000000\n", "error: Starlark computation cancelled: out of memory"},
      {"def f():\n  x = \"a\" * 8000000\n  return [x.find(\"a\" * 4000000 + \"b\") for i in range(1000)]\nr = f()\n", "error: Starlark computation cancelled: too many steps"},
      {"def f():\n  x = (1, 1)\n  for i in range(90): x = (x, x)\n  return {x: 1}\nr = f()\n", "error: Starlark computation cancelled: too many steps"},
      {"def f():\n  x = []\n  for i in range(100000): x = [x]\n  return x == [x]\nr = f()\n", "error: comparison exceeded maximum recursion depth"},
  };
  for (const Case& item : kEndless) {
    INFO(item.source);
    CHECK(run(item.source, {.steps = 2'000'000, .memory = 16 << 20}) == item.want);
  }
  CHECK(run("def f():\n  x = [1]\n  for i in range(40): x = [x, x]\n  return len(str(x)) < 10000000\nr = f()\n") == "True");
}

TEST_CASE("starlark: deep nesting meets a limit before the end of a small stack") {
  auto repeat = [](std::string_view text, int times) {
    std::string out;
    for (int i = 0; i < times; i++) out += text;
    return out;
  };
  std::string calls = "def f0(): return 0\n", sum = "r = 0" + repeat(" + 1", 150) + "\n";
  for (int i = 1; i < 90; i++) calls += std::format("def f{}(): return [[f{}()]]\n", i, i - 1);
  std::vector<std::string> sources = {
      "r = " + repeat("(", 5000), "r = " + repeat("[", 90) + repeat("]", 90) + "\n", "r = " + repeat("not ", 5000) + "1\n", "r = " + repeat("-", 5000) + "1\n",
      "r = 0" + repeat(" + 1", 5000) + "\n", "r = " + repeat("lambda: ", 5000) + "1\n", "x = []\nr = x" + repeat(".append", 5000) + "\n", calls + "r = f89()\n", sum,
      "r = [0 " + repeat("for x in [0] ", 5000) + "]\n"};
  std::vector<std::string> out;
  std::thread([&] {  // on as much stack as a worker of the daemon has, less what others may have used of it
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 768 << 10);
    pthread_t thread;
    auto body = [&] { for (const std::string& source : sources) out.push_back(run(source)); };
    pthread_create(&thread, &attributes, [](void* work) -> void* { (*static_cast<decltype(body)*>(work))(); return nullptr; }, &body);
    pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);
  }).join();
  REQUIRE(out.size() == sources.size());
  for (size_t deep : {0, 2, 3, 4, 5, 6}) CHECK(out[deep].ends_with("nested too deeply"));
  CHECK(out[7] == "error: Starlark stack overflow");
  CHECK(out[8] == "150");
  CHECK(out[9] == "error: Starlark stack overflow");
}
