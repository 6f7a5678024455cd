// A list that is short by its nature, whole in memory: filtered, sorted and paged here.
import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import type { ReactElement, ReactNode } from "react";
import { ErrorAlert } from "./ErrorAlert";
import { useKept } from "./useKept";

export interface Column<T> {
  id: string;
  header: string;
  cell: (item: T) => ReactNode;
  /** Whether it needs more room than a name does, or how many pixels. */
  wide?: boolean | number;
  /** What the column is sorted by; it can't be sorted without. */
  by?: (item: T) => string | number;
}

interface ListTableProps<T> {
  title: string;
  items: T[] | undefined;
  columns: Column<T>[];
  rowId: (item: T) => string;
  /** What a filter looks in; no filter without. */
  text?: (item: T) => string;
  empty: ReactNode;
  error?: Error | null;
  description?: ReactNode;
  actions?: ReactNode;
  variant?: TableProps.Variant;
  /** Shows that rows can be selected. */
  selection?: { selected: T[]; onSelect: (items: T[]) => void; many?: boolean };
  rowLabel?: (item: T) => string;
}

interface Sorting {
  id: string;
  descending: boolean;
}

const PAGE = 25;

/** Pixels of a column: on a phone a table scrolls rather than break words. */
export const minWidth = (wide: boolean | number = false): number =>
  typeof wide === "number" ? wide : wide ? 260 : 110;

export function ListTable<T>(props: ListTableProps<T>): ReactElement {
  const { title, items, columns, rowId, text, empty, error = null, description, actions, variant, selection } = props;
  const [filter, setFilter] = useKept(`${title} filter`, "");
  const [page, setPage] = useKept(`${title} page`, 1);
  const [sorting, setSorting] = useKept<Sorting | null>(`${title} sorting`, null);
  const found = sorted(filtered(items ?? [], filter, text), columns, sorting);
  const pages = Math.max(1, Math.ceil(found.length / PAGE));
  const shown = found.slice((Math.min(page, pages) - 1) * PAGE, Math.min(page, pages) * PAGE);
  const selectionProps: Partial<TableProps<T>> = selection
    ? {
        selectionType: selection.many ? "multi" : "single",
        selectedItems: selection.selected,
        onSelectionChange: ({ detail }) => selection.onSelect(detail.selectedItems),
      }
    : {};
  const label = props.rowLabel;
  return (
    <Table
      {...selectionProps}
      variant={variant ?? "container"}
      items={shown}
      trackBy={rowId}
      loading={items === undefined && error === null}
      loadingText="Loading"
      wrapLines
      columnDefinitions={columns.map(({ id, header, cell, by, wide }) => ({
        id,
        header,
        cell,
        minWidth: minWidth(wide),
        ...(by === undefined ? {} : { sortingField: id }),
      }))}
      {...(sorting ? { sortingColumn: { sortingField: sorting.id }, sortingDescending: sorting.descending } : {})}
      onSortingChange={({ detail }) =>
        setSorting({ id: detail.sortingColumn.sortingField ?? "", descending: detail.isDescending ?? false })
      }
      header={
        <Header
          variant="h2"
          counter={items ? `(${items.length})` : undefined}
          description={description}
          actions={actions}
        >
          {title}
        </Header>
      }
      filter={
        text && (items?.length ?? 0) > 5 ? (
          <TextFilter
            filteringText={filter}
            filteringPlaceholder="Filter"
            filteringAriaLabel={`Filter ${title}`}
            countText={filter === "" ? "" : `${found.length} matches`}
            onChange={({ detail }) => {
              setFilter(detail.filteringText);
              setPage(1);
            }}
          />
        ) : undefined
      }
      pagination={
        pages > 1 ? (
          <Pagination
            currentPageIndex={Math.min(page, pages)}
            pagesCount={pages}
            onChange={({ detail }) => setPage(detail.currentPageIndex)}
          />
        ) : undefined
      }
      empty={
        error ? (
          <ErrorAlert error={error} />
        ) : (
          <Box textAlign="center" color="inherit" padding="m">
            <SpaceBetween size="s">{filter === "" ? empty : "Nothing matches the filter."}</SpaceBetween>
          </Box>
        )
      }
      ariaLabels={{
        tableLabel: title,
        selectionGroupLabel: `Select in ${title}`,
        allItemsSelectionLabel: () => "Select all",
        itemSelectionLabel: (_, item) => label?.(item) ?? rowId(item),
      }}
    />
  );
}

function filtered<T>(items: T[], filter: string, text: ((item: T) => string) | undefined): T[] {
  const wanted = filter.trim().toLowerCase();
  return wanted === "" || text === undefined
    ? items
    : items.filter((item) => text(item).toLowerCase().includes(wanted));
}

function sorted<T>(items: T[], columns: Column<T>[], sorting: Sorting | null): T[] {
  const by = columns.find((column) => column.id === sorting?.id)?.by;
  if (by === undefined) return items;
  const direction = sorting?.descending ? -1 : 1;
  return items.toSorted((a, b) => {
    const [left, right] = [by(a), by(b)];
    return direction * (left < right ? -1 : left > right ? 1 : 0);
  });
}
