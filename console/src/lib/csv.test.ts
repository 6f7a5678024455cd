import { describe, expect, it } from "vitest";
import { portions, records, toCsv } from "./csv";

describe("writing", () => {
  it("quotes what would end a cell", () => {
    expect(toCsv(["a", "b"], [["x,y", 'say "no"']])).toBe('a,b\r\n"x,y","say ""no"""\r\n');
  });

  it("leaves nothing for a spreadsheet to run", () => {
    expect(toCsv(["name"], [["=1+1"], ["@x"], [-1]])).toBe("name\r\n'=1+1\r\n'@x\r\n-1\r\n");
  });
});

describe("reading", () => {
  it("keeps a line break within quotes", () => {
    expect(records('a,b\r\n1,"two\nlines"\r\n\r\n3,4')).toEqual(["a,b", '1,"two\nlines"', "3,4"]);
  });

  it("cuts a file into files", () => {
    const parts = portions("\uFEFFName,Key\na,1\nb,2\nc,3\n", 2);
    expect(parts).toEqual([
      { csv: "Name,Key\na,1\nb,2\n", rows: 2, first: 0 },
      { csv: "Name,Key\nc,3\n", rows: 1, first: 2 },
    ]);
    expect(portions("", 2)).toEqual([]);
  });
});
