module lnmatrix.invalid/typecheck

go 1.23
