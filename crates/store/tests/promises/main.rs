//! What a store promises, on every backend: SQLite in a temporary folder, and a PostgreSQL that the tests start.

mod bench;
mod buckets;
mod many_nodes;
mod moving;
mod promises;
mod server;

use bench::Bench;

/// Makes each promise a test on each backend.
macro_rules! on_every_backend {
    ($($promise:ident,)*) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $promise() {
                super::promises::$promise(super::Bench::sqlite().await).await;
            })*
        }

        mod postgres {
            $(#[tokio::test]
            async fn $promise() {
                super::promises::$promise(super::Bench::postgres().await).await;
            })*
        }
    };
}

on_every_backend! {
    a_stale_commit_changes_nothing,
    keys_and_their_plans_outlive_the_process_and_are_unreadable_on_disk,
    another_master_key_is_refused_before_anything_is_lost_to_it,
    a_value_belongs_to_one_key,
    lists_are_newest_first_and_page_by_place_while_keys_come_and_go,
    a_deleted_plan_lets_go_of_its_keys_and_a_deleted_key_of_its_plans,
    an_import_is_all_or_nothing_and_overwrites_by_value,
    no_more_is_granted_than_the_quota_holds_and_a_return_is_granted_again,
    a_round_that_comes_twice_counts_once_also_after_a_restart,
    a_draw_that_is_asked_for_again_is_granted_the_same_units,
    usage_and_what_remains_add_up_and_show_what_a_crash_stranded,
    what_remains_can_be_set_for_the_current_period,
    a_stack_that_somebody_else_wrote_is_not_overwritten,
    what_a_stack_is_made_of_cannot_be_read_on_disk,
    a_pair_outlives_the_process_until_it_is_deleted,
    a_session_outlives_the_process_and_is_taken_once,
    of_too_many_sessions_those_that_expire_first_give_way_to_others,
    who_uses_most_and_who_has_least_left_is_found,
    extensions_of_quotas_are_told_the_latest_first,
    what_was_used_elsewhere_counts_once_beside_what_is_used_here,
    what_a_quota_was_extended_by_elsewhere_and_here_adds_up,
    keys_are_put_under_their_own_ids_all_of_them_or_none,
}
