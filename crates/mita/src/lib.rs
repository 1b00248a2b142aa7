//! mita
